// The bundled questions to SQL: always the same, one query per question found by reading its text, really held out, short enough.
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { encodeRows } from "../../src/data/batch.ts";
import { datasets } from "../../src/data/index.ts";
import { combination, HELD_OUT_ROWS, queries, type Query, reserved, TRAIN_ROWS } from "../../src/data/tiny-sql.ts";
import { talesTokenizer } from "./tales-model.ts";

const { train, heldOut } = queries(0);
const all = [...train, ...heldOut];
const digest = (value: unknown) => createHash("sha256").update(JSON.stringify(value)).digest("hex");

describe("tiny-sql", () => {
  test("is a function of the seed", () => {
    expect(digest(all.map(({ row }) => row))).toMatchInlineSnapshot(`"b6343cac21d8e21917719d24e83fdf42ff4cd18db53496c0d3e9ead0768383d0"`);
    expect(digest(queries(0))).toBe(digest({ train, heldOut }));
    expect(digest(queries(1))).not.toBe(digest({ train, heldOut }));
    expect(datasets["tiny-sql"].load(0)).toEqual({ train: train.map((q) => q.row), heldOut: heldOut.map((q) => q.row) });
  });

  test("has its rows, none twice, every kind of question, one condition and two", () => {
    expect([train.length, heldOut.length]).toEqual([TRAIN_ROWS, HELD_OUT_ROWS]);
    expect(new Set(all.map(({ row }) => row.prompt)).size).toBe(all.length);
    for (const part of [train, heldOut]) {
      for (const ask of ["count", "names", "column", "extreme"]) expect(part.filter((q) => q.ask === ask).length / part.length, ask).toBeGreaterThan(0.15);
      expect(part.filter(({ filters }) => filters.length === 2).length / part.length).toBeGreaterThan(0.15);
    }
  });

  test("filters by held-out combinations that no training query has, whatever the seed", () => {
    const seen = new Set([...train, ...queries(9).train].flatMap(({ table, filters }) => filters.map((filter) => combination(table, filter))));
    for (const { table, filters } of heldOut) {
      expect(reserved(table, filters[0])).toBe(true);
      expect(seen.has(combination(table, filters[0])), combination(table, filters[0])).toBe(false);
    }
    // and every word of theirs was seen in training, only not together
    const words = new Set(train.flatMap(({ row }) => [...`${row.prompt}${row.completion}`.matchAll(/\w+/g)].map(([word]) => word)));
    for (const { row } of heldOut) for (const [word] of `${row.prompt}${row.completion}`.matchAll(/\w+/g)) expect(words.has(word), word).toBe(true);
  });

  test("has one query per question, found by reading the text alone", () => {
    for (const query of all) expect(readQuery(query), query.row.prompt).toBe(query.row.completion);
  });

  test("needs the columns to be read: either name of a column stands under the same question", () => {
    for (const names of [
      ["color", "paint"],
      ["place", "home"],
      ["owner", "friend"],
      ["age", "years"],
      ["price", "cost"],
    ]) {
      const shares = names.map((name) => train.filter(({ row }) => new RegExp(`\\b${name}\\b`).test(row.prompt.split("\n")[0])).length / train.length);
      for (const share of shares) expect(share, names.join(" or ")).toBeGreaterThan(0.15);
    }
  });

  test("fits: at most 64 tokens with bos and eos", async () => {
    const { examples, truncated, dropped } = await encodeRows(
      all.map(({ row }) => row),
      talesTokenizer(),
      64,
    );
    const lengths = examples.map(({ ids }) => ids.length);
    expect([truncated, dropped.length]).toEqual([0, 0]);
    expect(lengths.reduce((a, b) => a + b) / lengths.length).toBeLessThan(48);
  });
});

/** The query by rules written apart from the generator. */
function readQuery({ row }: Query): string {
  const [, table, columns, question] = row.prompt.match(/^(\w+): ([\w, ]+)\nQ: (.+)\?\nSQL:$/)!;
  const named = columns.split(", ");
  const column = (...names: string[]) => {
    const found = names.filter((name) => named.includes(name));
    expect(found, `${names.join(" or ")} in ${columns}`).toHaveLength(1);
    return found[0];
  };
  const by: Record<string, string[]> = {
    color: ["color", "paint"],
    place: ["place", "home"],
    owner: ["owner", "friend"],
    age: ["age", "years"],
    price: ["price", "cost"],
  };
  const conditions = question.replace(/^.*? (?=are |cost )/, "").split(" and ");
  const where = conditions.map((condition) => {
    let m: RegExpMatchArray | null;
    if ((m = condition.match(/^are in the (\w+)$/))) return `${column(...by.place)} = '${m[1]}'`;
    if ((m = condition.match(/^are (\w+)'s$/))) return `${column(...by.owner)} = '${m[1]}'`;
    if ((m = condition.match(/^are (older|younger) than (\d)$/))) return `${column(...by.age)} ${m[1] === "older" ? ">" : "<"} ${m[2]}`;
    if ((m = condition.match(/^cost (more|less) than (\d)$/))) return `${column(...by.price)} ${m[1] === "more" ? ">" : "<"} ${m[2]}`;
    if ((m = condition.match(/^are (\w+)$/))) return `${column(...by.color)} = '${m[1]}'`;
    return `? ${condition}`;
  });
  let what = "?";
  let m: RegExpMatchArray | null;
  if (question.startsWith(`How many ${table} `)) what = "count(*)";
  else if (question.startsWith(`What ${table} `)) what = column("name");
  else if ((m = question.match(/^The (biggest|smallest) (\w+) of (\w+) that /))) what = `${m[1] === "biggest" ? "max" : "min"}(${column(...by[m[2]])})`;
  else if ((m = question.match(/^The (\w+) of (\w+) that /))) what = column(...by[m[1]]);
  return ` select ${what} from ${table} where ${where.join(" and ")}`;
}
