// chat.ts — a conversation → token ids, of which the assistant's turns are learned. What is learned is found by rendering: a template must begin a
// conversation as it begins the first turns of it, so an answer is what comes between the turns before it, with the beginning of an answer, and
// the turns up to it.

import type { Message, Row } from "./row.ts";
import { type ChatTemplate, TemplateError } from "./template.ts";
import type { TextTokenizer } from "./tokenizer.ts";

/** How conversations are written. */
export interface Chat {
  template: ChatTemplate;
  /** Stands before conversations that have no system prompt. */
  system: string | null;
  /** Prompts with their completions are conversations too; otherwise they are taken as they are. */
  prompts: boolean;
}

export interface Part {
  text: string;
  /** Counted in the loss. */
  trained: boolean;
}

/** The row with its system prompt; a prompt and its completion as two turns, where these are. */
export function asConversation(row: Row, { system, prompts }: Chat): Row {
  if ("text" in row || ("prompt" in row && !prompts)) return row;
  const messages: Message[] =
    "messages" in row
      ? row.messages
      : [
          { role: "user", content: row.prompt.trim() },
          { role: "assistant", content: row.completion.trim() },
        ];
  return { messages: withSystem(messages, system), ...(row.line === undefined ? {} : { line: row.line }) };
}

const withSystem = (messages: readonly Message[], system: string | null): Message[] =>
  system === null || messages[0]?.role === "system" ? [...messages] : [{ role: "system", content: system }, ...messages];

/** A question as the model is asked it. Throws TemplateError, DataError. */
export const question = (asked: string, { template, system }: Chat): string => template.render(withSystem([{ role: "user", content: asked }], system), true);

/** The last question of a conversation, with all that stands before it. Throws TemplateError, DataError. */
export const openEnd = (messages: readonly Message[], { template }: Chat): string => template.render(messages.slice(0, -1), true);

/**
 * Up to the last answer. Joined, the parts are what the template writes, without white space at the end of an answer. An earlier answer that is
 * written differently when more follows cannot be told from what is around it, so it is not learned: templates of reasoning models take their thoughts
 * out of all answers but the last. Throws TemplateError where that is so of the last; DataError.
 */
export function partsOf(messages: readonly Message[], { render }: ChatTemplate): Part[] {
  const whole = render(messages, false);
  const last = messages.length - 1;
  const parts: Part[] = [];
  let at = 0;
  for (const [i, { role }] of messages.entries()) {
    if (role !== "assistant") continue;
    const before = render(messages.slice(0, i), true);
    const through = i === last ? whole : render(messages.slice(0, i + 1), false);
    const told = whole.startsWith(through) && through.startsWith(before) && before.length >= at;
    if (!told && i === last)
      throw new TemplateError("writes the turns before an answer differently when it is asked for, so it cannot be told which tokens are the answer");
    if (!told) continue;
    const answer = through.slice(before.length).trimEnd();
    parts.push({ text: whole.slice(at, before.length), trained: false }, { text: answer, trained: true });
    at = before.length + answer.length;
  }
  return parts;
}

/** Without the oldest question and its answer; the system prompt stays. null: there is only one. */
export function withoutOldest(messages: readonly Message[]): Message[] | null {
  const next = questionsOf(messages)[1];
  return next === undefined ? null : from(next, messages);
}

/** So many questions are tried at first: most conversations have no more. */
const FEW = 8;

/**
 * As many of the last questions with their answers as fit, one at least; the system prompt stays. A conversation may be far longer than what
 * fits, so the search starts at its end: twice as many questions while they fit, then the middle between what fits and what does not.
 */
export function newest(messages: readonly Message[], fits: (messages: readonly Message[]) => boolean): readonly Message[] {
  const questions = questionsOf(messages);
  const last = (n: number) => (n >= questions.length ? messages : from(questions.at(-n)!, messages));
  let [kept, tooMany] = [1, questions.length + 1];
  while (kept + 1 < tooMany) {
    const doubled = Math.min(Math.max(FEW, 2 * kept), questions.length);
    const tried = tooMany > questions.length ? doubled : Math.floor((kept + tooMany) / 2);
    if (fits(last(tried))) kept = tried;
    else tooMany = tried;
  }
  return last(kept);
}

/** Where a conversation may begin: behind the system prompt, and with each question after that. */
function questionsOf(messages: readonly Message[]): number[] {
  const first = afterSystem(messages);
  return messages.flatMap(({ role }, i) => (i === first || (i > first && role === "user") ? [i] : []));
}

const from = (question: number, messages: readonly Message[]): Message[] => [...messages.slice(0, afterSystem(messages)), ...messages.slice(question)];

const afterSystem = (messages: readonly Message[]): number => (messages[0]?.role === "system" ? 1 : 0);

/**
 * Texts that follow each other, as ids. When the model answers, it is given the tokens of what stands before and continues, so training must see
 * the same boundaries. All are encoded together, which is what tokenizers expect of a text (some put a space before its first word), and cut
 * there; where a token would straddle a boundary, the text behind it is encoded on its own.
 */
export function encodeParts(texts: readonly string[], tokenizer: TextTokenizer): number[][] {
  const apart = texts.map((text) => tokenizer.encode(text));
  const together = tokenizer.encode(texts.join(""));
  if (sameIds(apart.flat(), together)) return apart;
  const parts: number[][] = [];
  let before: number[] = [];
  let text = "";
  for (const [i, part] of texts.entries()) {
    text += part;
    const whole = i === texts.length - 1 ? together : tokenizer.encode(text);
    const clean = before.length < whole.length && before.every((id, at) => id === whole[at]);
    parts.push(i === 0 ? whole : clean ? whole.slice(before.length) : apart[i]);
    before = whole;
  }
  return parts;
}

const sameIds = (a: readonly number[], b: readonly number[]): boolean => a.length === b.length && a.every((id, i) => id === b[i]);
