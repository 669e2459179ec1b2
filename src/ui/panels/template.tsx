// template.tsx — how conversations are written: the chat template by name or in Jinja, and the system prompt. A template of one's own is applied when
// it is finished, not letter by letter.
import { useId, useState } from "react";
import { useParts, useStudio } from "../context.ts";
import { text } from "../strings.ts";
import { useChanged } from "../use-changed.ts";
import { Field } from "./field.tsx";

const words = text.data;
const own = "own";

/** turns: rows are conversations whatever the template is. */
export function Template({ turns }: { turns: boolean }) {
  const { store } = useParts();
  const template = useStudio((state) => state.config.data.template);
  const templates = useStudio((state) => state.catalogue.templates);
  const named = template === "auto" || templates.some(({ name }) => name === template);
  const [writing, setWriting] = useState(!named);
  const id = useId();
  useChanged(template, () => setWriting(!named));
  const chosen = templates.find(({ name }) => name === template);
  return (
    <div className="mapping-fields">
      <Field path="data.template" help={writing ? words.templateHelp.own : (chosen?.help ?? words.templateHelp[turns ? "turns" : "literal"])} peek>
        {(field, describedBy) => (
          <select
            id={field}
            value={writing ? own : template}
            aria-describedby={describedBy}
            onChange={(event) => {
              setWriting(event.target.value === own);
              if (event.target.value !== own) store.getState().edit("data.template", event.target.value);
            }}
          >
            <option value="auto">{words.templateAuto}</option>
            {templates.map(({ name, title }) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
            <option value={own}>{words.templateOwn}</option>
          </select>
        )}
      </Field>
      {writing && (
        <Written
          label={words.templateText}
          id={id}
          value={named ? "" : template}
          rows={6}
          placeholder={words.templatePlaceholder}
          apply={(next) => next.trim() && store.getState().edit("data.template", next)}
        />
      )}
      <System />
    </div>
  );
}

function System() {
  const { store } = useParts();
  const system = useStudio((state) => state.config.data.system);
  return (
    <Field path="data.system">
      {(id) => (
        <Written
          id={id}
          value={system ?? ""}
          rows={2}
          placeholder={words.systemPlaceholder}
          apply={(next) => store.getState().edit("data.system", next.trim() === "" ? null : next)}
        />
      )}
    </Field>
  );
}

/** A text that is taken over when it is left, or by the button. */
function Written(o: { id: string; label?: string; value: string; rows: number; placeholder?: string; apply: (text: string) => void }) {
  const [written, setWritten] = useState(o.value);
  useChanged(o.value, setWritten);
  return (
    <>
      {o.label && <label htmlFor={o.id}>{o.label}</label>}
      <textarea
        id={o.id}
        rows={o.rows}
        value={written}
        placeholder={o.placeholder}
        spellCheck={false}
        onChange={(event) => setWritten(event.target.value)}
        onBlur={() => written !== o.value && o.apply(written)}
      />
      {written !== o.value && (
        <button type="button" className="quiet" onClick={() => o.apply(written)}>
          {words.apply}
        </button>
      )}
    </>
  );
}
