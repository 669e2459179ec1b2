// mapping.tsx — how the data is read and written: what the rows of a file are, which column holds what, the chat template, the system prompt. What was
// said of a file is remembered for files with the same columns.
import { useEffect, useId, useState } from "react";
import type { ColumnRole, DataColumns, FormatEntry, RunConfig } from "../../protocol.ts";
import { useParts, useStudio } from "../context.ts";
import { recall, remember, type Reading } from "../remembered.ts";
import type { Studio } from "../store.ts";
import { text } from "../strings.ts";
import { Template } from "./template.tsx";

const words = text.data;

export function Mapping() {
  const preview = useStudio((state) => state.preview);
  const config = useStudio((state) => state.config);
  const formats = useStudio((state) => state.catalogue.formats);
  const columns = preview?.columns;
  const classifier = config.model.task === "classification";
  const unclear = columns?.format === null;
  const format = formats.find(({ name }) => name === (columns?.format ?? undefined));
  const template = preview && "rows" in preview ? preview.template : undefined;
  const [open, setOpen] = useState(false);
  useRemembered(columns);
  useEffect(() => {
    if (unclear) setOpen(true);
  }, [unclear]);
  if (!columns && classifier) return null;
  const told = [format && words.readAs(format.title), template && words.writtenBy(template)].filter(Boolean).join(" · ");
  return (
    <details className="mapping" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {words.mapping}
        {told && <span className="muted"> · {told}</span>}
      </summary>
      {unclear && <p className="notice warning">{words.unclear}</p>}
      {columns && <Columns columns={columns} formats={formats} config={config} />}
      {preview && "rows" in preview && preview.truncated === 0 && <p className="help">{preview.truncation}</p>}
      {!classifier && !unclear && <Template turns={template !== undefined && config.data.template === "auto" && config.data.system === null} />}
    </details>
  );
}

/** What was said of a file with these columns holds for the next one too, unless something else is said of it. */
function useRemembered(columns: DataColumns | undefined): void {
  const { store } = useParts();
  useEffect(() => {
    const { data } = store.getState().config;
    const reading = columns && data.format === "auto" && data.columns === null ? recall(columns.columns.map(({ name }) => name)) : null;
    if (reading) say(store.getState().edit, reading);
  }, [columns, store]);
}

function say(edit: Studio["edit"], { task, format, columns }: Reading): void {
  edit("model.task", task);
  edit("data.format", format);
  edit("data.columns", columns);
}

function Columns({
  columns: { columns, format: recognised, mapping },
  formats,
  config,
}: {
  columns: DataColumns;
  formats: readonly FormatEntry[];
  config: RunConfig;
}) {
  const { store } = useParts();
  const id = useId();
  const { task } = config.model;
  const chosen = task === "classification" ? "classification" : config.data.format;
  const format = formats.find(({ name }) => name === (chosen === "auto" ? recognised : chosen));
  const read = (next: RunConfig["data"]["format"], more: RunConfig["data"]["columns"], as = task) => {
    const reading = { format: next, columns: more, task: next === "classification" ? as : ("causal-lm" as const) };
    remember(columns.map(({ name }) => name), next === "auto" ? null : reading); // prettier-ignore
    say(store.getState().edit, reading);
  };
  const assign = (role: ColumnRole, column: string) => {
    const roles = new Set(format!.roles.map((info) => info.role));
    const kept = Object.entries({ ...mapping, ...config.data.columns }).filter(([name]) => name !== role && roles.has(name as ColumnRole));
    read(format!.name, Object.fromEntries(column === "" ? kept : [...kept, [role, column]]));
  };
  const automatic = formats.find(({ name }) => name === recognised);
  return (
    <div className="mapping-fields">
      <label htmlFor={`${id}-format`}>{words.format}</label>
      <select id={`${id}-format`} value={chosen} onChange={(event) => read(event.target.value as RunConfig["data"]["format"], null)}>
        <option value="auto">{chosen === "auto" && automatic ? words.autoAs(automatic.title) : words.auto}</option>
        {formats.map(({ name, title }) => (
          <option key={name} value={name}>
            {title}
          </option>
        ))}
      </select>
      {format?.help && <p className="help">{format.help}</p>}
      {format?.roles.map(({ role, title, optional }) => {
        const column = config.data.columns?.[role] ?? mapping[role] ?? "";
        const example = columns.find(({ name }) => name === column)?.example;
        return (
          <Role key={role} title={optional ? words.optional(title) : title} example={example}>
            {(own, describedBy) => (
              <select
                id={own}
                value={column}
                aria-describedby={describedBy}
                aria-invalid={!optional && column === ""}
                onChange={(event) => assign(role, event.target.value)}
              >
                <option value="">{optional ? words.none : words.choose}</option>
                {columns.map(({ name }) => (
                  <option key={name} value={name}>
                    {name}
                  </option>
                ))}
              </select>
            )}
          </Role>
        );
      })}
      {format?.name === "classification" && (
        <>
          <label htmlFor={`${id}-task`}>{words.asLabels}</label>
          <select
            id={`${id}-task`}
            value={task}
            onChange={(event) => read("classification", config.data.columns, event.target.value as RunConfig["model"]["task"])}
          >
            {Object.entries(words.labels).map(([name, title]) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
          </select>
        </>
      )}
      {chosen !== "auto" && config.data.format !== "auto" && <p className="help">{words.remembered}</p>}
    </div>
  );
}

function Role({ title, example, children }: { title: string; example?: string; children: (id: string, describedBy: string) => React.ReactNode }) {
  const id = useId();
  return (
    <>
      <label htmlFor={id}>{title}</label>
      {children(id, `${id}-example`)}
      <p className="help example" id={`${id}-example`}>
        {example ? words.example(example) : ""}
      </p>
    </>
  );
}
