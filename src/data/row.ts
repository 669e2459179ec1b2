// row.ts — a row of a data set before tokens: a question with its answer, plain text, a conversation, or one or two texts with a label.

/** One turn of a conversation. */
export interface Message {
  role: "system" | "user" | "assistant" | "tool";
  content: string;
}

/** line: 1-based place in the file it came from, to name the row when something is wrong with it. */
export type Row = { prompt: string; completion: string; line?: number } | { text: string; line?: number } | { messages: Message[]; line?: number };

/** For classification; a score in regression. */
export interface LabelledRow {
  text: string;
  /** The second of a pair of sentences. */
  text2?: string;
  label: string | number;
  line?: number;
}

/** A row that was left out, and why. */
export interface WrongRow {
  line: number;
  reason: string;
}

/** A wrong row of data.eval_source: its line is of another file than the others'. */
export const ofEvaluation = ({ line, reason }: WrongRow): WrongRow => ({ line, reason: `(evaluation data) ${reason}` });

/** So many wrong rows are listed; the rest are only counted. */
export const WRONG_LISTED = 50;

/** What a file gave. */
export interface Parsed<R> {
  rows: R[];
  /** The first WRONG_LISTED of them. line: 1-based; in a JSON array the number of the item. */
  wrong: WrongRow[];
  wrongTotal: number;
  /** In words, where the file is larger than what is kept of one: what was not read. */
  unread?: string;
}

export function reject(parsed: Pick<Parsed<unknown>, "wrong" | "wrongTotal">, line: number, reason: string): void {
  parsed.wrongTotal++;
  if (parsed.wrong.length < WRONG_LISTED) parsed.wrong.push({ line, reason });
}
