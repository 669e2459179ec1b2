// field.tsx — one field of the form: title, reset arrow, control, help with its paper, all from the catalogue. Help is
// folded away behind the title's i; assistive technology reads it in any case.
import { useEffect, useId, useState, type ReactNode } from "react";
import type { CatalogueEntry } from "../../protocol.ts";
import { useParts, useStudio } from "../context.ts";
import { getField, sameField, usualField, type FieldPath } from "../fields.ts";
import { text } from "../strings.ts";

const paperUrl = (arxiv: string): string => `https://arxiv.org/abs/${arxiv}`;

export function Paper({ id }: { id?: string }) {
  if (!id) return null;
  return (
    <a className="paper" href={paperUrl(id)} target="_blank" rel="noreferrer" title={`arXiv ${id}`}>
      {text.setup.paper}
    </a>
  );
}

interface FieldProps {
  path: FieldPath;
  /** For a group of fields, which the catalogue does not name. */
  title?: string;
  /** Paths reset together with `path`. */
  also?: readonly FieldPath[];
  /** Help for the chosen value, instead of the field's own line. */
  help?: ReactNode;
  /** The first line of the help stays in sight: it says what was chosen. */
  peek?: boolean;
  /** Beside the title. */
  action?: ReactNode;
  /** Title and control on one line. */
  inline?: boolean;
  children: (id: string, describedBy: string) => ReactNode;
}

export function Field({ path, title: given, also = [], help, peek = false, action, inline = false, children }: FieldProps) {
  const { store } = useParts();
  const info = useStudio((state) => state.catalogue.fields[path]);
  const changed = useStudio(({ config, catalogue }) => [path, ...also].some((p) => !sameField(getField(config, p), usualField(catalogue, p))));
  const reason = useStudio((state) => state.invalid[path]);
  const id = useId();
  const [open, setOpen] = useState(false);
  const title = given ?? info?.title ?? path;
  return (
    <div className={inline ? "field inline-field" : "field"}>
      <div className="field-head">
        <label htmlFor={id} id={`${id}-label`} title={info?.help}>
          {title}
        </label>
        <button
          type="button"
          className="icon info"
          aria-label={text.setup.about(title)}
          aria-expanded={open}
          aria-controls={`${id}-help`}
          onClick={() => setOpen(!open)}
        >
          <svg width="13" height="13" viewBox="0 0 13 13" aria-hidden="true">
            <circle cx="6.5" cy="6.5" r="5.75" fill="none" stroke="currentColor" />
            <path d="M6.5 5.9v3.4M6.5 3.6v1.1" stroke="currentColor" strokeWidth="1.3" />
          </svg>
        </button>
        {changed && (
          <button
            type="button"
            className="icon reset"
            aria-label={text.setup.reset(title)}
            title={text.setup.reset(title)}
            onClick={() => [path, ...also].forEach((p) => store.getState().reset(p))}
          >
            ↺
          </button>
        )}
        {action}
      </div>
      {children(id, `${id}-help`)}
      <p className={reason ? "help wrong" : peek && !open ? "help peek" : "help"} id={`${id}-help`} hidden={!reason && !open && !peek}>
        {reason ?? help ?? info?.help} {!reason && <Paper id={info?.paper} />}
      </p>
    </div>
  );
}

/** A number as text, so that "1e-3" can be typed; arrow keys step as the catalogue says. Committed when it is a value. */
export function NumberField({ path, nullable = false }: { path: FieldPath; nullable?: boolean }) {
  const { store } = useParts();
  const value = useStudio((state) => getField(state.config, path)) as number | null;
  const info = useStudio((state) => state.catalogue.fields[path]);
  const invalid = useStudio((state) => state.invalid[path] !== undefined);
  const [written, setWritten] = useState(show(value));
  useEffect(() => {
    // Another spelling of the same number ("1e-3") stays as typed, and so does what is no number yet.
    setWritten((now) => (invalid || parse(now, nullable) === value ? now : show(value)));
  }, [value, nullable, invalid]);
  // What is no number stops a run only while it is seen.
  useEffect(() => () => store.getState().markInvalid(path, null), [store, path]);

  const commit = (next: string) => {
    setWritten(next);
    const number = parse(next, nullable);
    const inRange =
      number === null ||
      (number !== undefined && number >= (info?.min ?? -Infinity) && number <= (info?.max ?? Infinity) && (!info?.integer || Number.isInteger(number)));
    if (number === undefined || !inRange) store.getState().markInvalid(path, text.setup.number(info?.min, info?.max, info?.integer));
    else store.getState().edit(path, number);
  };
  const nudge = (event: React.KeyboardEvent) => {
    if ((event.key !== "ArrowUp" && event.key !== "ArrowDown") || typeof value !== "number") return;
    event.preventDefault();
    const by = (info?.step ?? (info?.integer ? 1 : 10 ** Math.floor(Math.log10(Math.abs(value) || 0.1)))) * (event.key === "ArrowUp" ? 1 : -1);
    commit(String(Number((value + by).toPrecision(12))));
  };
  return (
    <Field path={path} inline>
      {(id, describedBy) => (
        <span className="with-unit">
          <input
            id={id}
            type="text"
            inputMode="decimal"
            autoComplete="off"
            spellCheck={false}
            value={written}
            aria-describedby={describedBy}
            aria-invalid={invalid}
            placeholder={nullable ? "–" : undefined}
            onChange={(event) => commit(event.target.value)}
            onKeyDown={nudge}
          />
          {info?.unit && <span className="unit">{info.unit}</span>}
        </span>
      )}
    </Field>
  );
}

const show = (value: number | null): string => (value === null ? "" : String(value));

/** undefined: not a number yet. */
function parse(written: string, nullable: boolean): number | null | undefined {
  if (written.trim() === "") return nullable ? null : undefined;
  const number = Number(written.replace(",", "."));
  return Number.isFinite(number) ? number : undefined;
}

export function CheckField({ path }: { path: FieldPath }) {
  const { store } = useParts();
  const value = useStudio((state) => getField(state.config, path)) as boolean;
  return (
    <Field path={path} inline>
      {(id, describedBy) => (
        <input id={id} type="checkbox" checked={value} aria-describedby={describedBy} onChange={(event) => store.getState().edit(path, event.target.checked)} />
      )}
    </Field>
  );
}

/** `entries`: of a registry; without them the field's own choices. */
export function SelectField({ path, entries: given, peek }: { path: FieldPath; entries?: readonly CatalogueEntry[]; peek?: boolean }) {
  const { store } = useParts();
  const value = useStudio((state) => getField(state.config, path)) as string;
  const choices = useStudio((state) => state.catalogue.fields[path]?.choices) ?? [];
  const entries: readonly CatalogueEntry[] =
    given ?? choices.map((name) => ({ name, title: path === "backend" ? (text.backends[name] ?? name) : name, help: "" }));
  const chosen = entries.find((entry) => entry.name === value);
  const help = chosen?.help && (
    <>
      {chosen.help} <Paper id={chosen.paper} />
    </>
  );
  return (
    <Field path={path} help={help} peek={peek} inline>
      {(id, describedBy) => (
        <select id={id} value={value} aria-describedby={describedBy} onChange={(event) => store.getState().edit(path, event.target.value)}>
          {!chosen && <option value={value}>{value}</option>}
          {entries.map((entry) => (
            <option key={entry.name} value={entry.name}>
              {entry.title}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
