// python-regex.ts — regular expressions as Python's `re` reads them, for the patterns in PEFT's files.
// A pattern maps a set of positions in the text to the set of positions where a match may end, so nothing backtracks;
// and work is counted, so that no pattern from a stranger can hang the page.
// Not known, and refused by name: back-references, look-behind, inline flags, possessive and atomic groups.

import { FormatError } from "./error.ts";

/** Start positions → end positions. Both ascending, without repeats. */
type Matcher = (starts: readonly number[], run: Run) => number[];
interface Run {
  readonly text: string;
  /** Counts work, and throws FormatError when it was too much. */
  spend(work: number): void;
}

const LENGTH_LIMIT = 2_000;
const TEXT_LIMIT = 500;
const NESTING_LIMIT = 50;
const REPEAT_LIMIT = 1_000;
const WORK_LIMIT = 200_000;

export interface PythonRegex {
  /** `re.match`: matches at the start of the text. */
  match(text: string): boolean;
  /** `re.fullmatch`. */
  fullmatch(text: string): boolean;
  /** Every position where a match from the start may end, ascending. */
  ends(text: string): number[];
}

/** `where` names the field in errors. Throws FormatError for a pattern that is wrong, unknown or (when run) too much work. */
export function pythonRegex(pattern: string, where: string): PythonRegex {
  const hint = "List the module names instead";
  const refuse = (what: string): never => {
    throw new FormatError(where, `the pattern ${JSON.stringify(pattern.slice(0, 100))} ${what}`, hint);
  };
  if (pattern.length > LENGTH_LIMIT) refuse(`has ${pattern.length} characters (limit ${LENGTH_LIMIT})`);
  const matcher = parse(pattern, refuse);
  const ends = (text: string): number[] => {
    if (text.length > TEXT_LIMIT)
      throw new FormatError(where, `a name of ${text.length} characters is too long to match (limit ${TEXT_LIMIT})`, "Is this a module's path?");
    let left = WORK_LIMIT;
    const spend = (work: number): void => {
      if ((left -= work) < 0) refuse("takes too long to match");
    };
    return matcher([0], { text, spend });
  };
  return { ends, match: (text) => ends(text).length > 0, fullmatch: (text) => ends(text).includes(text.length) };
}

// -------------------------------------------------------------------------------------------------- matching

const sorted = (set: Set<number>): number[] => [...set].sort((a, b) => a - b);

/** One character that `accept` takes. */
const one =
  (accept: (c: string) => boolean): Matcher =>
  (starts, run) => {
    run.spend(starts.length + 1);
    return starts.filter((i) => i < run.text.length && accept(run.text[i])).map((i) => i + 1);
  };

/** A place between characters. */
const place =
  (holds: (i: number, text: string) => boolean): Matcher =>
  (starts, run) => {
    run.spend(starts.length + 1);
    return starts.filter((i) => holds(i, run.text));
  };

const sequence =
  (parts: readonly Matcher[]): Matcher =>
  (starts, run) =>
    parts.reduce<number[]>((at, part) => (at.length === 0 ? at : part(at, run)), [...starts]);

const either =
  (options: readonly Matcher[]): Matcher =>
  (starts, run) =>
    sorted(new Set(options.flatMap((option) => option(starts, run))));

function repeat(part: Matcher, min: number, max: number): Matcher {
  return (starts, run) => {
    run.spend(1);
    let at = [...starts];
    for (let i = 0; i < min && at.length > 0; i++) {
      const next = part(at, run);
      if (next.length === at.length && next.every((p, k) => p === at[k])) break;
      at = next;
    }
    const all = new Set(at);
    for (let i = min; i < max && at.length > 0; i++) {
      at = part(at, run).filter((p) => !all.has(p));
      for (const p of at) all.add(p);
    }
    return sorted(all);
  };
}

const look =
  (part: Matcher, wanted: boolean): Matcher =>
  (starts, run) =>
    starts.filter((i) => part([i], run).length > 0 === wanted);

// --------------------------------------------------------------------------------------------------- parsing

const isWord = (c: string | undefined): boolean => c !== undefined && /[\p{L}\p{N}_]/u.test(c);
const CLASSES: Record<string, (c: string) => boolean> = {
  d: (c) => /\p{Nd}/u.test(c),
  w: isWord,
  s: (c) => /\s/.test(c),
  D: (c) => !/\p{Nd}/u.test(c),
  W: (c) => !isWord(c),
  S: (c) => !/\s/.test(c),
};
const ESCAPES: Record<string, string> = { n: "\n", t: "\t", r: "\r", f: "\f", v: "\v", a: "\x07" };
const isBoundary = (i: number, text: string): boolean => isWord(text[i - 1]) !== isWord(text[i]);
const PLACES: Record<string, (i: number, text: string) => boolean> = {
  A: (i) => i === 0,
  Z: (i, text) => i === text.length,
  b: isBoundary,
  B: (i, text) => !isBoundary(i, text),
};
const isEnd = (i: number, text: string): boolean => i === text.length || (i === text.length - 1 && text[i] === "\n");

function parse(pattern: string, refuse: (what: string) => never): Matcher {
  let at = 0;
  let depth = 0;
  const take = (text: string): boolean => {
    if (!pattern.startsWith(text, at)) return false;
    at += text.length;
    return true;
  };
  const whole = alternatives();
  if (at < pattern.length) refuse("has a ) without its (");
  return whole;

  function alternatives(): Matcher {
    const options = [series()];
    while (take("|")) options.push(series());
    return options.length === 1 ? options[0] : either(options);
  }

  function series(): Matcher {
    const parts: Matcher[] = [];
    while (at < pattern.length && pattern[at] !== "|" && pattern[at] !== ")") parts.push(quantified());
    return sequence(parts);
  }

  function quantified(): Matcher {
    const part = atom();
    const range = quantifier();
    if (!range) return part;
    take("?");
    if (pattern[at] === "+") refuse("has a possessive quantifier, which is not known here");
    if (quantifier()) refuse("repeats a repeat");
    return repeat(part, ...range);
  }

  function quantifier(): [number, number] | undefined {
    if (take("*")) return [0, Infinity];
    if (take("+")) return [1, Infinity];
    if (take("?")) return [0, 1];
    const braces = /^\{(\d*)(,?)(\d*)\}/.exec(pattern.slice(at, at + 30));
    if (!braces || braces[0] === "{}") return undefined;
    at += braces[0].length;
    const min = Number(braces[1] || 0);
    const max = braces[2] === "" ? min : braces[3] === "" ? Infinity : Number(braces[3]);
    if (min > max) refuse(`repeats ${braces[0]}: the first number is larger than the second`);
    if (min > REPEAT_LIMIT || (max > REPEAT_LIMIT && max < Infinity)) refuse(`repeats ${braces[0]} times (limit ${REPEAT_LIMIT})`);
    return [min, max];
  }

  function atom(): Matcher {
    const c = pattern[at++];
    if (c === "(") return group();
    if (c === "[") return one(set());
    if (c === ".") return one((x) => x !== "\n");
    if (c === "^") return place((i) => i === 0);
    if (c === "$") return place(isEnd);
    if (c === "\\") return escape();
    if (c === "*" || c === "+" || c === "?") refuse(`repeats nothing at character ${at}`);
    return one((x) => x === c);
  }

  function group(): Matcher {
    if (++depth > NESTING_LIMIT) refuse(`nests groups more than ${NESTING_LIMIT} deep`);
    let wanted: boolean | undefined;
    if (take("?=")) wanted = true;
    else if (take("?!")) wanted = false;
    else if (take("?P<")) {
      const name = /^[A-Za-z_]\w*>/.exec(pattern.slice(at));
      if (!name) refuse("has a group without a proper name");
      at += name![0].length;
    } else if (pattern[at] === "?" && !take("?:")) refuse(`uses (${pattern.slice(at, at + 2)}, which is not known here`);
    const inner = alternatives();
    if (!take(")")) refuse("has a ( without its )");
    depth--;
    return wanted === undefined ? inner : look(inner, wanted);
  }

  function escape(): Matcher {
    const c = pattern[at++];
    if (c === undefined) refuse("ends in a backslash");
    if (c in CLASSES) return one(CLASSES[c]);
    if (c in PLACES) return place(PLACES[c]);
    const literal = character(c);
    return one((x) => x === literal);
  }

  /** The character that `\c` stands for. */
  function character(c: string): string {
    if (c in ESCAPES) return ESCAPES[c];
    if (/[A-Za-z0-9]/.test(c)) refuse(`uses \\${c}, which is not known here`);
    return c;
  }

  /** After `[`: a set of characters. */
  function set(): (c: string) => boolean {
    const negated = take("^");
    const tests: ((c: string) => boolean)[] = [];
    for (let first = true; first || pattern[at] !== "]"; first = false) {
      const low = member();
      if (typeof low !== "string") tests.push(low);
      else if (pattern[at] === "-" && pattern[at + 1] !== "]" && at + 1 < pattern.length) {
        at++;
        const high = member();
        if (typeof high !== "string" || high < low) return refuse("has a wrong range in [ ]");
        tests.push((c) => c >= low && c <= high);
      } else tests.push((c) => c === low);
    }
    at++;
    return (c) => tests.some((test) => test(c)) !== negated;
  }

  function member(): string | ((c: string) => boolean) {
    if (at >= pattern.length) refuse("has a [ without its ]");
    const c = pattern[at++];
    if (c !== "\\") return c;
    const escaped = pattern[at++];
    if (escaped === undefined) refuse("has a [ without its ]");
    if (escaped in CLASSES) return CLASSES[escaped];
    return escaped === "b" ? "\b" : character(escaped);
  }
}
