// nearest-fit.tsx — where a configuration does not fit: the nearest one that does, as a button, its changes spelled out.
// Undo takes it back, and the reset arrows of the fields.
import type { Preflight, RunConfig, Suggestion } from "../../protocol.ts";
import { useParts, useStudio } from "../context.ts";
import { getField, setField, type FieldPath, type FieldValue } from "../fields.ts";
import { text } from "../strings.ts";

export function NearestFit() {
  const { store } = useParts();
  const suggestion = useStudio((state) => state.preflight?.suggestion);
  const fields = useStudio((state) => state.catalogue.fields);
  const config = useStudio((state) => state.config);
  if (!suggestion) return null;
  return (
    <div className="nearest">
      <button type="button" className="quiet" onClick={() => store.getState().replaceConfig(fitted(suggestion, store.getState().config), text.undo.smaller)}>
        {text.suggestion.use(inWords(suggestion))}
      </button>
      <ul className="small">
        {changesOf(suggestion, config).map(([path, from, to]) => (
          <li key={path}>{text.suggestion.change(fields[path]?.title ?? path, from, to)}</li>
        ))}
      </ul>
    </div>
  );
}

/** `config` with the changes alone: it may have gone on since the suggestion was made. */
export const fitted = ({ config: next, changes }: Suggestion, config: RunConfig): RunConfig =>
  changes.reduce((made, { field }) => setField(made, field as FieldPath, getField(next, field as FieldPath)), config);

/** "checkpointing, batch 8 × 2" */
export function inWords({ config, changes }: NonNullable<Preflight["suggestion"]>): string {
  const changed = (path: FieldPath) => changes.some((change) => change.field === path);
  const { batch_size, gradient_accumulation_steps } = config.train;
  return [
    changed("train.gradient_checkpointing") && text.suggestion.checkpointing,
    (changed("train.batch_size") || changed("train.gradient_accumulation_steps")) && text.suggestion.batch(batch_size, gradient_accumulation_steps),
    changed("data.max_length") && text.suggestion.rows(config.data.max_length),
  ]
    .filter((words) => words !== false)
    .join(", ");
}

const changesOf = ({ config: next, changes }: Suggestion, config: RunConfig): [path: string, from: string, to: string][] =>
  changes.map(({ field }) => [field, shown(getField(config, field as FieldPath)), shown(getField(next, field as FieldPath))]);

const shown = (value: FieldValue): string => (typeof value === "boolean" ? text.suggestion[value ? "on" : "off"] : String(value));
