// source.tsx — where the model and the data come from: the catalogue, a folder, a file or pasted text of the visitor, or the hub.
import { useRef, useState } from "react";
import type { CatalogueEntry, GivenFile } from "../../protocol.ts";
import { useParts, useStudio } from "../context.ts";
import { picked } from "../drop.tsx";
import { text } from "../strings.ts";
import { Field, Paper } from "./field.tsx";
import { Paste } from "./paste.tsx";

const hub = "hub:";

export function ModelField() {
  const { store } = useParts();
  const source = useStudio((state) => state.config.model.source);
  const models = useStudio((state) => state.catalogue.models);
  const given = useStudio((state) => state.given.models);
  const [asking, setAsking] = useState(false);
  const folder = useRef<HTMLInputElement>(null);
  const choose = (value: string) => {
    setAsking(value === hub);
    if (value !== hub) store.getState().edit("model.source", value);
  };
  return (
    <Field
      path="model.source"
      peek
      help={<Help entries={models} source={source} />}
      action={
        <button type="button" className="link" onClick={() => folder.current?.click()}>
          {text.setup.openFolder}
        </button>
      }
    >
      {(id, describedBy) => (
        <>
          <select
            id={id}
            data-testid="model-select"
            value={asking ? hub : source}
            aria-describedby={describedBy}
            onChange={(event) => choose(event.target.value)}
          >
            <Options entries={models} given={given} source={source} />
            <option value={hub}>{text.setup.hub}</option>
          </select>
          {asking && <HubId done={() => setAsking(false)} />}
          <input
            ref={folder}
            type="file"
            hidden
            multiple
            // @ts-expect-error: React's types do not know this attribute; browsers do.
            webkitdirectory=""
            onChange={(event) => {
              const { folder: name, files } = picked(event.target.files!);
              if (files.length > 0) void store.getState().give("models", name, files);
              event.target.value = "";
            }}
          />
        </>
      )}
    </Field>
  );
}

function HubId({ done }: { done: () => void }) {
  const { store } = useParts();
  const [id, setId] = useState("");
  return (
    <form
      className="inline"
      onSubmit={(event) => {
        event.preventDefault();
        store.getState().edit("model.source", hub + id.trim());
        done();
      }}
    >
      <input
        aria-label={text.setup.hubId}
        placeholder={text.setup.hubPlaceholder}
        value={id}
        required
        pattern="\s*[\w.\-]+/[\w.\-]+(@[\w.\-\/]+)?\s*"
        autoFocus
        spellCheck={false}
        onChange={(event) => setId(event.target.value)}
      />
      <button className="quiet">{text.setup.use}</button>
    </form>
  );
}

/** Files that rows are read from. */
const dataFiles = ".jsonl,.ndjson,.json,.csv,.tsv,.txt,.md,.gz,application/jsonl";

export function DataField() {
  const { store } = useParts();
  const source = useStudio((state) => state.config.data.source);
  const sets = useStudio((state) => state.catalogue.data);
  const given = useStudio((state) => state.given.data);
  const [pasting, setPasting] = useState(false);
  return (
    <Field
      path="data.source"
      peek
      help={<Help entries={sets} source={source} />}
      action={
        <>
          <PickFile take={(name, files) => void store.getState().give("data", name, files)}>{text.setup.openFile}</PickFile>
          <button type="button" className="link" onClick={() => setPasting(true)}>
            {text.data.paste}
          </button>
        </>
      }
    >
      {(id, describedBy) => (
        <>
          <select
            id={id}
            data-testid="data-select"
            value={source}
            aria-describedby={describedBy}
            onChange={(event) => store.getState().edit("data.source", event.target.value)}
          >
            <Options entries={sets} given={given} source={source} />
          </select>
          {pasting && <Paste close={() => setPasting(false)} />}
        </>
      )}
    </Field>
  );
}

/** Rows to evaluate on, where they are not a part of the data. */
export function EvaluationField() {
  const { store } = useParts();
  const source = useStudio((state) => state.config.data.eval_source);
  const task = useStudio((state) => state.config.model.task);
  const sets = useStudio((state) => state.catalogue.data);
  const given = useStudio((state) => state.given.data);
  const edit = (value: string | null) => store.getState().edit("data.eval_source", value);
  return (
    <Field
      path="data.eval_source"
      action={<PickFile take={(name, files) => void store.getState().give("evaluation", name, files)}>{text.data.openEvaluation}</PickFile>}
    >
      {(id, describedBy) => (
        <select id={id} value={source ?? ""} aria-describedby={describedBy} onChange={(event) => edit(event.target.value || null)}>
          <option value="">{text.data.noEvaluation}</option>
          <Options entries={sets.filter((set) => set.task === task)} given={given} source={source} />
        </select>
      )}
    </Field>
  );
}

/** A button that opens the picker for one file of data. */
function PickFile({ take, children }: { take: (name: string, files: GivenFile[]) => void; children: string }) {
  const file = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" className="link" title={text.setup.dropHint} onClick={() => file.current?.click()}>
        {children}
      </button>
      <input
        ref={file}
        type="file"
        hidden
        accept={dataFiles}
        onChange={(event) => {
          const { folder: name, files } = picked(event.target.files!);
          if (files.length > 0) take(name, files);
          event.target.value = "";
        }}
      />
    </>
  );
}

/** The catalogue, then what the visitor gave, then a source that only the link names. null: none is chosen. */
function Options({ entries, given, source }: { entries: readonly CatalogueEntry[]; given: readonly string[]; source: string | null }) {
  const files = given.map((name) => `file:${name}`);
  const known = source === null || entries.some((entry) => entry.name === source) || files.includes(source);
  return (
    <>
      {entries.map((entry) => (
        <option key={entry.name} value={entry.name}>
          {entry.title}
        </option>
      ))}
      {[...files, ...(known ? [] : [source])].map((name) => (
        <option key={name} value={name}>
          {name.replace(/^(file|hub):/, "")}
        </option>
      ))}
    </>
  );
}

function Help({ entries, source }: { entries: readonly CatalogueEntry[]; source: string }) {
  const entry = entries.find((one) => one.name === source);
  if (!entry) return null;
  return (
    <>
      {entry.help} <Paper id={entry.paper} />
    </>
  );
}
