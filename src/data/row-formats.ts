// row-formats.ts — how a record becomes a row: the columns that each format reads, under the names that files give them. The page's mapping form, the
// recognition of a file and the reading of it are this one table.

import { isObject } from "../formats/source.ts";
import type { ColumnRole, RunConfig } from "../protocol.ts";
import { kindOf, list } from "./lines.ts";
import { messagesOf } from "./messages.ts";
import type { Message, Row } from "./row.ts";

type Values = Record<string, unknown>;
/** Which column holds what. */
export type Mapping = Partial<Record<ColumnRole, string>>;

export interface RoleInfo {
  role: ColumnRole;
  title: string;
  /** Names it goes by, the likeliest first. */
  called: readonly string[];
  optional?: true;
}

export interface RowFormat {
  name: Exclude<RunConfig["data"]["format"], "auto">;
  title: string;
  /** One line of help. */
  help: string;
  roles: readonly RoleInfo[];
  /** Columns go by their names, but only if the first value is of this kind. */
  fits?(values: Values, mapping: Mapping): boolean;
  /** The row, or what is wrong with it. */
  read(values: Values, mapping: Mapping): Row | string;
}

const role = (name: ColumnRole, title: string, called: readonly string[]): RoleInfo => ({ role: name, title, called });
const maybe = (name: ColumnRole, title: string, called: readonly string[]): RoleInfo => ({ role: name, title, called, optional: true });

/** The text of a column, or what is wrong with it. empty: may it be? */
function textOf(values: Values, column: string, empty: boolean): { text: string } | { wrong: string } {
  const value = values[column];
  if (typeof value !== "string") return { wrong: `${column} is ${kindOf(value)}, not a string` };
  if (!empty && value.trim() === "") return { wrong: `${column} is empty: there is nothing to learn` };
  return { text: value };
}

/** Texts of several columns, in order; null is as good as nothing where a column is optional. */
function texts(values: Values, columns: readonly { column?: string; empty?: boolean; optional?: boolean }[]): string[] | string {
  const found: string[] = [];
  for (const { column, empty = false, optional = false } of columns) {
    const nothing = column === undefined || (optional && (values[column] ?? null) === null);
    const got = nothing ? { text: "" } : textOf(values, column, empty || optional);
    if ("wrong" in got) return got.wrong;
    found.push(got.text);
  }
  return found;
}

const LISTS = ["messages", "conversations", "conversation", "chat", "dialogue", "dialog"];
const SYSTEM = maybe("system", "system prompt", ["system", "system_prompt"]);

/** A list of turns in one column; a table holds it as JSON text. */
function turns(values: Values, column: string): unknown {
  const value = values[column];
  if (typeof value !== "string" || !/^\s*\[/.test(value)) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

function conversation(values: Values, { messages, system }: Mapping): Row | string {
  const own = texts(values, [{ column: system, optional: true }]);
  if (typeof own === "string") return own;
  const found = messagesOf(turns(values, messages!), messages!);
  if (typeof found === "string") return found;
  const before: Message[] = own[0] && found[0].role !== "system" ? [{ role: "system", content: own[0] }] : [];
  return { messages: [...before, ...found] };
}

/** The first turn has this key. */
const turnsHave =
  (key: string) =>
  (values: Values, { messages }: Mapping): boolean => {
    const list = turns(values, messages!);
    return Array.isArray(list) && isObject(list[0]) && Object.hasOwn(list[0], key);
  };

export const rowFormats: readonly RowFormat[] = [
  {
    name: "messages",
    title: "Messages",
    help: "A conversation per row: a list of { role, content }.",
    roles: [role("messages", "messages", LISTS), SYSTEM],
    fits: turnsHave("role"),
    read: conversation,
  },
  {
    name: "sharegpt",
    title: "ShareGPT",
    help: "A conversation per row: a list of { from, value }, from human or gpt.",
    roles: [role("messages", "messages", ["conversations", ...LISTS]), SYSTEM],
    fits: turnsHave("from"),
    read: conversation,
  },
  {
    name: "prompt-completion",
    title: "Prompt and completion",
    help: "The completion is learned behind the prompt, both exactly as they are.",
    roles: [role("prompt", "prompt", ["prompt"]), role("completion", "completion", ["completion"])],
    read(values, { prompt, completion }) {
      if (Array.isArray(values[prompt!]) && Array.isArray(values[completion!])) {
        const found = messagesOf([...(values[prompt!] as unknown[]), ...(values[completion!] as unknown[])], "prompt and completion");
        return typeof found === "string" ? found : { messages: found };
      }
      const found = texts(values, [{ column: prompt, empty: true }, { column: completion }]);
      return typeof found === "string" ? found : { prompt: found[0], completion: found[1] };
    },
  },
  {
    name: "alpaca",
    title: "Instruction and output",
    help: "An instruction, maybe with an input, and the answer: a conversation of two turns.",
    roles: [
      role("instruction", "instruction", ["instruction", "question", "query", "prompt", "input"]),
      maybe("input", "input", ["input", "context"]),
      role("output", "output", ["output", "response", "answer", "completion"]),
      SYSTEM,
      maybe("history", "history", ["history"]),
    ],
    read(values, { instruction, input, output, system, history }) {
      const found = texts(values, [{ column: system, optional: true }, { column: instruction }, { column: input, optional: true }, { column: output }]);
      if (typeof found === "string") return found;
      const [told, asked, more, answer] = found;
      const before = history === undefined ? [] : historyOf(values[history] ?? []);
      if (before === null) return `${history} is no list of pairs [instruction, output]`;
      const messages: Message[] = [
        ...(told ? [{ role: "system" as const, content: told }] : []),
        ...before.flatMap(([user, assistant]): Message[] => [
          { role: "user", content: user },
          { role: "assistant", content: assistant },
        ]),
        { role: "user", content: more ? `${asked}\n${more}` : asked },
        { role: "assistant", content: answer },
      ];
      return { messages };
    },
  },
  {
    name: "classification",
    title: "Text and label",
    help: "One or two texts and a label. A model that writes learns to write the label behind the texts.",
    roles: [
      role("text", "text", ["text", "sentence", "sentence1", "content", "review", "premise", "question1"]),
      maybe("text2", "second text", ["text2", "sentence2", "hypothesis", "question2"]),
      role("label", "label", ["label", "labels", "class", "category", "target", "sentiment", "gold_label"]),
    ],
    read(values, { text, text2, label }) {
      const found = texts(values, [{ column: text }, { column: text2, optional: true }]);
      if (typeof found === "string") return found;
      const value = values[label!];
      if (!["string", "number", "boolean"].includes(typeof value) || String(value).trim() === "")
        return `${label} is ${value === "" ? "empty" : kindOf(value)}, not a label`;
      return { prompt: `${found.filter(Boolean).join("\n")}\n${label}:`, completion: ` ${String(value).trim()}` };
    },
  },
  {
    name: "text",
    title: "Text",
    help: "The model learns to go on with the text, all of it.",
    roles: [role("text", "text", ["text", "content", "document", "story", "body"])],
    read(values, { text }) {
      const found = texts(values, [{ column: text }]);
      return typeof found === "string" ? found : { text: found[0] };
    },
  },
];

function historyOf(value: unknown): [string, string][] | null {
  const pair = (one: unknown): one is [string, string] => Array.isArray(one) && one.length === 2 && one.every((text) => typeof text === "string");
  return Array.isArray(value) && value.every(pair) ? value : null;
}

export interface Recognised {
  format: RowFormat;
  mapping: Mapping;
}

/**
 * What these columns are, as `wanted` and `given` say, else by name. null: unclear. A mapping that is given tells the format, where that is left open;
 * one that names all that a format needs is taken as it is.
 */
export function recognise(values: Values, wanted: RunConfig["data"]["format"], given: Mapping = {}): Recognised | null {
  const auto = wanted === "auto";
  for (const format of rowFormats) {
    const own = Object.fromEntries(Object.entries(given).filter(([name]) => format.roles.some(({ role: one }) => one === name))) as Mapping;
    const named = Object.keys(own).length;
    if (auto ? named < Object.keys(given).length : wanted !== format.name) continue;
    const whole = named > 0 && format.roles.every(({ role: one, optional }) => optional || own[one] !== undefined);
    const mapping = whole ? own : byName(Object.keys(values), format, own);
    if (!mapping || Object.values(mapping).some((column) => !Object.hasOwn(values, column))) continue;
    if (!auto || !format.fits || format.fits(values, mapping)) return { format, mapping };
  }
  return null;
}

/** Why a record is none, in words. */
export function unclear(values: Values, wanted: RunConfig["data"]["format"], given: Mapping = {}): string {
  const lost = Object.values(given).filter((column) => !Object.hasOwn(values, column));
  const format = rowFormats.find(({ name }) => name === wanted);
  const free = Object.keys(values).map((column) => column.toLowerCase());
  const missing = format?.roles.filter(
    ({ role: one, called, optional }) => !optional && given[one] === undefined && !called.some((call) => free.includes(call)),
  );
  const what = lost.length > 0 ? lost.join(" and ") : missing?.map(({ title }) => title).join(" and ") || "prompt and completion, messages, or text";
  return `has no ${what} (it has: ${list(Object.keys(values))})`;
}

/** null: a column is missing that must be there. No column is taken twice. */
function byName(columns: readonly string[], { roles }: RowFormat, given: Mapping): Mapping | null {
  const mapping: Mapping = { ...given };
  const taken = new Set(Object.values(mapping));
  for (const { role: one, called, optional } of roles) {
    if (mapping[one] !== undefined) continue;
    const free = columns.filter((column) => !taken.has(column));
    const name = called.map((call) => free.find((column) => column === call) ?? free.find((column) => column.toLowerCase() === call)).find(Boolean);
    if (name !== undefined) taken.add((mapping[one] = name));
    else if (!optional) return null;
  }
  return mapping;
}
