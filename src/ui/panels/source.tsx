// source.tsx — where the model and the data come from: the catalogue, a folder or file of the visitor, or the hub.
import { useRef, useState } from "react";
import type { CatalogueEntry } from "../../protocol.ts";
import { useParts, useStudio } from "../context.ts";
import { picked } from "../drop.tsx";
import { text } from "../strings.ts";
import { Field, Paper } from "./field.tsx";

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

export function DataField() {
  const { store } = useParts();
  const source = useStudio((state) => state.config.data.source);
  const sets = useStudio((state) => state.catalogue.data);
  const given = useStudio((state) => state.given.data);
  const file = useRef<HTMLInputElement>(null);
  return (
    <Field
      path="data.source"
      peek
      help={<Help entries={sets} source={source} />}
      action={
        <button type="button" className="link" title={text.setup.dropHint} onClick={() => file.current?.click()}>
          {text.setup.openFile}
        </button>
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
          <input
            ref={file}
            type="file"
            hidden
            accept=".jsonl,.json,.txt,.csv,.tsv,application/jsonl"
            onChange={(event) => {
              const { folder: name, files } = picked(event.target.files!);
              if (files.length > 0) void store.getState().give("data", name, files);
              event.target.value = "";
            }}
          />
        </>
      )}
    </Field>
  );
}

/** The catalogue, then what the visitor gave, then a source that only the link names. */
function Options({ entries, given, source }: { entries: readonly CatalogueEntry[]; given: readonly string[]; source: string }) {
  const files = given.map((name) => `file:${name}`);
  const known = entries.some((entry) => entry.name === source) || files.includes(source);
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
