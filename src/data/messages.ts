// messages.ts — turns of a conversation from a stranger's JSON: { role, content } or { from, value }, under the names that files give the roles.

import { isObject } from "../formats/source.ts";
import { brief, kindOf } from "./lines.ts";
import type { Message } from "./row.ts";

const ROLES: Readonly<Record<string, Message["role"]>> = {
  system: "system",
  developer: "system",
  user: "user",
  human: "user",
  assistant: "assistant",
  gpt: "assistant",
  model: "assistant",
  bot: "assistant",
  chatgpt: "assistant",
  function_call: "assistant",
  tool: "tool",
  observation: "tool",
};

/** Up to the last answer: what comes behind it teaches nothing. Or what is wrong with them. */
export function messagesOf(list: unknown, column: string): Message[] | string {
  if (!Array.isArray(list)) return `${column} is ${kindOf(list)}, not a list of messages`;
  const messages: Message[] = [];
  for (const [i, turn] of (list as unknown[]).entries()) {
    const told = messageOf(turn);
    if (typeof told === "string") return `message ${i + 1} ${told}`;
    messages.push(told);
  }
  const last = messages.findLastIndex(({ role, content }) => role === "assistant" && content.trim() !== "");
  return last < 0 ? `${column} holds no answer of an assistant: there is nothing to learn` : messages.slice(0, last + 1);
}

function messageOf(turn: unknown): Message | string {
  if (!isObject(turn)) return `is ${kindOf(turn)}, not an object`;
  const by = turn.role ?? turn.from;
  const name = typeof by === "string" ? by.toLowerCase() : "";
  const role = Object.hasOwn(ROLES, name) ? ROLES[name] : undefined;
  if (role === undefined) return `has the role ${typeof by === "string" ? `"${brief(by, 40)}"` : kindOf(by ?? null)} (known: ${Object.keys(ROLES).join(", ")})`;
  const content = contentOf(turn.content ?? turn.value);
  if (content === null)
    return Object.hasOwn(turn, "tool_calls")
      ? "calls a tool: only messages of text are read"
      : `has ${kindOf(turn.content ?? turn.value ?? null)} as content, not a text`;
  return { role, content };
}

/** A text, or a list of parts that are all text. */
function contentOf(content: unknown): string | null {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return null;
  const parts = (content as unknown[]).map((part) => (isObject(part) && typeof part.text === "string" ? part.text : null));
  return parts.includes(null) ? null : parts.join("");
}
