// The bundled data set: always the same, fair (every question has one answer in its tale), and really held out.
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { datasets } from "../../src/data/index.ts";
import { encodeRows } from "../../src/data/batch.ts";
import { combination, HELD_OUT_ROWS, reserved, tales, TRAIN_ROWS, type Tale } from "../../src/data/tales-qa.ts";
import { talesTokenizer } from "./tales-model.ts";

const { train, heldOut } = tales(0);
const all = [...train, ...heldOut];
const digest = (value: unknown) => createHash("sha256").update(JSON.stringify(value)).digest("hex");

describe("tales-qa", () => {
  test("is a function of the seed", () => {
    expect(digest(all.map(({ row }) => row))).toMatchInlineSnapshot(`"1a69c817792866f7273698d7c6771bf34387201a33624c6343af28f60b697300"`);
    expect(digest(tales(0))).toBe(digest({ train, heldOut }));
    expect(digest(tales(1))).not.toBe(digest({ train, heldOut }));
    expect(datasets["tales-qa"].load(0)).toEqual({ train: train.map((t) => t.row), heldOut: heldOut.map((t) => t.row) });
  });

  test("has its rows, none twice, every kind of question", () => {
    expect([train.length, heldOut.length]).toEqual([TRAIN_ROWS, HELD_OUT_ROWS]);
    expect(new Set(all.map(({ row }) => row.prompt)).size).toBe(all.length);
    for (const part of [train, heldOut])
      for (const question of ["who", "where", "color", "how many", "why"])
        expect(part.filter((tale) => tale.question === question).length / part.length, question).toBeGreaterThan(0.12);
  });

  test("asks held-out combinations that no training tale holds, whatever the seed", () => {
    const seen = new Set([...train, ...tales(9).train].flatMap(({ facts }) => facts.map(combination)));
    for (const { asked } of heldOut) {
      expect(reserved(asked)).toBe(true);
      expect(seen.has(combination(asked)), combination(asked)).toBe(false);
    }
    // and every word of theirs was seen in training, only not together
    const words = new Set(train.flatMap(({ facts }) => facts.flatMap(({ name, words }) => [name, ...words])));
    for (const { asked } of heldOut) for (const word of [asked.name, ...asked.words]) expect(words.has(word), word).toBe(true);
  });

  test("states its facts in the tale, and nothing that is not recorded", () => {
    for (const { row, facts } of all) {
      const sentences = row.prompt.split("\nQ:")[0].split(". ");
      for (const { name, words } of facts) {
        const own = sentences.filter((s) => [name, ...words].every((word) => s.includes(word)));
        expect(own.length, row.prompt).toBeGreaterThan(0);
      }
      expect(sentences.filter((s) => /\b(went|took|had (a|an)|saw \w+|because)\b/.test(s)).length).toBe(facts.length);
      expect(sentences.length).toBeGreaterThanOrEqual(2);
      expect(sentences.length).toBeLessThanOrEqual(4);
    }
  });

  test("has one answer per question, found by reading the text alone", () => {
    for (const tale of all) expect(answers(tale), tale.row.prompt).toEqual([tale.row.completion]);
  });

  test("needs reading: some tales hold a rival answer of the same kind", () => {
    const rivals = all.filter(({ facts, asked }) => facts.filter(({ kind }) => kind === asked.kind).length > 1);
    expect(rivals.length / all.length).toBeGreaterThan(0.15);
    expect(all.every(({ facts }) => new Set(facts.map(({ name }) => name)).size === 2)).toBe(true);
  });

  test("fits: 24 to 48 tokens with bos and eos, so that five rows stay below 256", async () => {
    const { examples, truncated, dropped } = await encodeRows(
      all.map(({ row }) => row),
      talesTokenizer(),
      128,
    );
    const lengths = examples.map(({ ids }) => ids.length);
    expect([truncated, dropped.length]).toEqual([0, 0]);
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(24);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(48);
    expect(lengths.reduce((a, b) => a + b) / lengths.length).toBeGreaterThan(34);
  });
});

/** All answers that the tale's text allows, by regular expressions written apart from the generator. */
function answers({ row }: Tale): string[] {
  const [tale, rest] = row.prompt.split("\nQ: ");
  const question = rest.replace("\nA:", "");
  const found = (pattern: string, answer: (m: RegExpMatchArray) => string) => [...tale.matchAll(new RegExp(pattern, "g"))].map(answer);
  const name = "(\\b[A-Z][a-z]+)";
  let m: RegExpMatchArray | null;
  if ((m = question.match(/^Who went to the (\w+)\?/))) return found(`${name} (?:went|took an? \\w+) to the ${m[1]}\\b`, (a) => ` ${a[1]}.`);
  if ((m = question.match(/^Who had the (\w+ \w+)\?/))) return found(`${name} had an? (?:little |new )?${m[1]}\\.`, (a) => ` ${a[1]}.`);
  if ((m = question.match(/^Who saw (\w+)\?/))) return found(`${name} saw \\w+ (?:little )?${m[1]}\\.`, (a) => ` ${a[1]}.`);
  if ((m = question.match(/^Who was (\w+)\?/))) return found(`${name} was (?:very )?${m[1]} because`, (a) => ` ${a[1]}.`);
  if ((m = question.match(/^Where did (\w+) go\?/))) return found(`${m[1]} (?:went|took an? \\w+) to the (\\w+)`, (a) => ` to the ${a[1]}.`);
  if ((m = question.match(/^What color was (\w+)'s (\w+)\?/))) return found(`${m[1]} had an? (?:little |new )?(\\w+) ${m[2]}\\.`, (a) => ` ${a[1]}.`);
  if ((m = question.match(/^How many (\w+) did (\w+) see\?/))) return found(`${m[2]} saw (\\w+) (?:little )?${m[1]}\\.`, (a) => ` ${a[1]}.`);
  if ((m = question.match(/^Why was (\w+) (\w+)\?/))) return found(`${m[1]} was (?:very )?${m[2]} (because [^.]+\\.)`, (a) => ` ${a[1]}`);
  return [];
}
