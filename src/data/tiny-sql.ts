// tiny-sql.ts — a made-up table, a question about it, the only SQL query that answers it. The table is told by its columns, and a column has one of two names
// (color or paint, price or cost), so that the columns must be read and not only the question.
// Held-out rule: a combination table × column × value (`cats|color|red`) is *reserved* when hash(combination) mod 8 = 0, whatever the seed. A query of the training
// rows filters by no reserved combination, a held-out query first by such a one.

import { below, hash, hashText, pick, random } from "./random.ts";
import type { Row } from "./row.ts";
import { PLACES } from "./tales-qa.ts";

export type Ask = "count" | "names" | "column" | "extreme";

/** `column < or > value` for numbers, `column = value` for texts. */
export interface Filter {
  concept: string;
  operator: "=" | "<" | ">";
  value: string;
}

export interface Query {
  row: Row & { prompt: string; completion: string };
  ask: Ask;
  table: string;
  /** One or two, joined by `and`. */
  filters: Filter[];
}

export const TRAIN_ROWS = 4000;
export const HELD_OUT_ROWS = 400;

const TABLES = ["cats", "dogs", "birds", "toys", "boats", "books", "trees", "flowers", "horses", "cows", "houses", "balls", "shoes", "cars", "sheep", "fish"];
const NUMBERS = ["2", "3", "4", "5", "6", "7", "8", "9"];

/** A column: what it may be called (the first is the word of the questions), and what the rows with a value "are". */
interface Concept {
  called: readonly [string, string];
  values: readonly string[];
  tell: Partial<Record<Filter["operator"], (value: string) => string>>;
}

const CONCEPTS: Readonly<Record<string, Concept>> = {
  color: {
    called: ["color", "paint"],
    values: ["red", "blue", "green", "yellow", "pink", "white", "black", "brown"],
    tell: { "=": (color) => `are ${color}` },
  },
  place: { called: ["place", "home"], values: PLACES.slice(0, 8), tell: { "=": (place) => `are in the ${place}` } },
  owner: { called: ["owner", "friend"], values: ["Lily", "Anna", "Mia", "Sue", "Tom", "Max", "Sam", "Ben"], tell: { "=": (name) => `are ${name}'s` } },
  age: { called: ["age", "years"], values: NUMBERS, tell: { ">": (n) => `are older than ${n}`, "<": (n) => `are younger than ${n}` } },
  price: { called: ["price", "cost"], values: NUMBERS, tell: { ">": (n) => `cost more than ${n}`, "<": (n) => `cost less than ${n}` } },
};
const ASKS: readonly Ask[] = ["count", "names", "column", "extreme"];

export const combination = (table: string, { concept, value }: Filter): string => [table, concept, value].join("|");

export const reserved = (table: string, filter: Filter): boolean => hashText(0, combination(table, filter)) % 8 === 0;

/** One query from a seed; its filters may or may not be reserved: `queries` chooses. */
function makeQuery(seed: number): Query {
  const table = pick(TABLES, seed, 0);
  const ask = pick(ASKS, seed, 1);
  const drawn = Object.keys(CONCEPTS);
  for (let i = drawn.length - 1; i > 0; i--) {
    const j = below(i + 1, seed, 2, i);
    [drawn[i], drawn[j]] = [drawn[j], drawn[i]];
  }
  const numeric = (concept: string) => CONCEPTS[concept].values === NUMBERS;
  const asked = ask === "extreme" ? drawn.find(numeric)! : drawn[0];
  const filters = drawn
    .filter((concept) => concept !== asked)
    .slice(0, random(seed, 3) < 0.25 ? 2 : 1)
    .map((concept, i): Filter => {
      const operator = numeric(concept) ? pick(["<", ">"] as const, seed, 4, i) : "=";
      return { concept, operator, value: pick(CONCEPTS[concept].values, seed, 5, i) };
    });

  const used = [...(ask === "column" || ask === "extreme" ? [asked] : []), ...filters.map(({ concept }) => concept)];
  const columns = ["name", ...drawn.filter((concept, i) => used.includes(concept) || i < 2 - (filters.length - 1))].sort(
    (a, b) => hashText(seed, a) - hashText(seed, b),
  );
  const column = (concept: string) => (concept === "name" ? concept : CONCEPTS[concept].called[below(2, seed, hashText(6, concept))]);
  const told = filters.map(({ concept, operator, value }) => CONCEPTS[concept].tell[operator]!(value)).join(" and ");
  const most = below(2, seed, 7) === 0;
  const { question, what } = {
    count: { question: `How many ${table} ${told}?`, what: "count(*)" },
    names: { question: `What ${table} ${told}?`, what: "name" },
    column: { question: `The ${asked} of ${table} that ${told}?`, what: column(asked) },
    extreme: { question: `The ${most ? "biggest" : "smallest"} ${asked} of ${table} that ${told}?`, what: `${most ? "max" : "min"}(${column(asked)})` },
  }[ask];
  const written = filters.map(({ concept, operator, value }) => `${column(concept)} ${operator} ${operator === "=" ? `'${value}'` : value}`);
  const prompt = `${table}: ${columns.map(column).join(", ")}\nQ: ${question}\nSQL:`;
  return { row: { prompt, completion: ` select ${what} from ${table} where ${written.join(" and ")}` }, ask, table, filters };
}

/** The whole data set, a function of the seed: no two rows have the same prompt. */
export function queries(seed: number, trainRows = TRAIN_ROWS, heldOutRows = HELD_OUT_ROWS): { train: Query[]; heldOut: Query[] } {
  const train: Query[] = [];
  const heldOut: Query[] = [];
  const prompts = new Set<string>();
  for (let i = 0; train.length < trainRows || heldOut.length < heldOutRows; i++) {
    const query = makeQuery(hash(seed, i));
    const held = query.filters.map((filter) => reserved(query.table, filter));
    const part = held[0] ? heldOut : held.includes(true) ? null : train;
    if (!part || prompts.has(query.row.prompt) || part.length === (part === train ? trainRows : heldOutRows)) continue;
    prompts.add(query.row.prompt);
    part.push(query);
  }
  return { train, heldOut };
}

export function tinySql(seed: number): { train: Row[]; heldOut: Row[] } {
  const { train, heldOut } = queries(seed);
  return { train: train.map(({ row }) => row), heldOut: heldOut.map(({ row }) => row) };
}
