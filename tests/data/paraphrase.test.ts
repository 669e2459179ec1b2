// The bundled pairs: always the same, really held out, balanced, and not to be solved by counting common words.
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { encodeLabelled } from "../../src/data/classification.ts";
import { datasets } from "../../src/data/index.ts";
import { HELD_OUT_ROWS, KINDS, type Pair, pairs, reserved, TRAIN_ROWS } from "../../src/data/paraphrase.ts";
import { talesTokenizer } from "./tales-model.ts";

const { train, heldOut } = pairs(0);
const all = [...train, ...heldOut];
const digest = (value: unknown) => createHash("sha256").update(JSON.stringify(value)).digest("hex");
const words = (text: string) => text.toLowerCase().replace(/[.,]/g, "").split(" ");
const meansSame = ({ row }: Pair) => row.label === "same";

/** Share of pairs whose feature is on the side of the threshold that fits `fit` best. */
function bestThreshold(feature: (pair: Pair) => number, fit: readonly Pair[], test: readonly Pair[]): number {
  const right = (part: readonly Pair[], t: number, up: boolean) => part.filter((pair) => feature(pair) >= t === (meansSame(pair) === up)).length;
  const choices = [...new Set(fit.map(feature))].flatMap((t) => [true, false].map((up) => ({ t, up, score: right(fit, t, up) })));
  const { t, up } = choices.reduce((a, b) => (b.score > a.score ? b : a));
  return right(test, t, up) / test.length;
}

/** Common words over all words, 0..1. */
const overlap = ({ row }: Pair) => {
  const [a, b] = [new Set(words(row.text)), new Set(words(row.text2))];
  const common = [...a].filter((word) => b.has(word)).length;
  return common / (a.size + b.size - common);
};

describe("paraphrase", () => {
  test("is a function of the seed", () => {
    expect(digest(all.map(({ row }) => row))).toMatchInlineSnapshot(`"d11f8ca37672d61e520af94aeddca49ec573dce4b79619f1c26dc37b54ca9742"`);
    expect(digest(pairs(1))).not.toBe(digest({ train, heldOut }));
    const set = datasets.paraphrase;
    expect(set.load(0)).toEqual({ train: train.map(({ row }) => row), heldOut: heldOut.map(({ row }) => row) });
    expect(set).toMatchObject({ task: "classification", classes: ["different", "same"] });
  });

  test("has its rows, labels and kinds in equal shares, no pair twice", () => {
    expect([train.length, heldOut.length]).toEqual([TRAIN_ROWS, HELD_OUT_ROWS]);
    for (const part of [train, heldOut])
      for (const kind of KINDS) {
        const ofKind = part.filter((pair) => pair.kind === kind);
        expect([ofKind.length, ofKind.filter(meansSame).length], kind).toEqual([part.length / KINDS.length, part.length / KINDS.length / 2]);
      }
    expect(new Set(all.map(({ row }) => [row.text, row.text2].sort().join("\n"))).size).toBe(all.length);
    expect(all.filter(({ row }) => row.text === row.text2)).toEqual([]);
  });

  test("holds out combinations that no training row has, whatever the seed; their words are known", () => {
    const seen = new Set([...train, ...pairs(9).train].flatMap(({ combination, instead }) => [combination, instead]));
    for (const { combination } of heldOut) {
      expect(reserved(combination)).toBe(true);
      expect(seen.has(combination), combination).toBe(false);
    }
    const known = new Set(train.flatMap(({ row }) => [...words(row.text), ...words(row.text2)]));
    for (const { row } of heldOut) for (const word of [...words(row.text), ...words(row.text2)]) expect(known.has(word), word).toBe(true);
    // what the combination names is in the sentences: people and things, by their own words
    for (const { combination, row, kind } of all)
      for (const who of combination.split("|").slice(1)) {
        if (kind !== "synonym") expect(`${row.text} ${row.text2}`.toLowerCase(), combination).toContain(who.toLowerCase());
      }
  });

  test("is not solved by counting common words, by lengths, or by the order of names", () => {
    for (const part of [train, heldOut]) {
      expect(Math.abs(bestThreshold(overlap, train, part) - 0.5), "overlap").toBeLessThan(0.05);
      expect(Math.abs(bestThreshold(({ row }) => row.text2.length - row.text.length, train, part) - 0.5), "lengths").toBeLessThan(0.05);
      const order = ({ row }: Pair) => {
        const names = (text: string) => text.match(/\b[A-Z][a-z]+\b|\bthe (dog|cat|bear|fox|bird|duck|horse|frog)\b/gi)!;
        const first = words(row.text).find((word) => words(row.text2).includes(word) && names(row.text).some((name) => name.toLowerCase().endsWith(word)));
        return first === undefined ? 0 : words(row.text2).indexOf(first) - words(row.text).indexOf(first);
      };
      expect(Math.abs(bestThreshold(order, train, part) - 0.5), "order").toBeLessThan(0.1);
    }
  });

  test("has the right labels, found by reading the text alone", () => {
    const read = all.map((pair) => ({ pair, verdict: verdict(pair) }));
    expect(read.filter(({ pair, verdict }) => verdict !== null && verdict !== meansSame(pair)).map(({ pair }) => pair)).toEqual([]);
    const decided = new Set(read.filter(({ verdict }) => verdict !== null).map(({ pair }) => pair.kind));
    expect([...decided].sort()).toEqual(["comparison", "negation", "quality", "time", "transfer", "verb", "voice"]);
    expect(read.filter(({ pair, verdict }) => pair.kind !== "synonym" && verdict === null)).toEqual([]);
  });

  test("is short: at most 32 tokens a pair for the bundled model", () => {
    const tokenizer = talesTokenizer();
    const lengths = all.map(({ row }) => encodeLabelled(row, 0, tokenizer, 128).example.ids.length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(32);
    expect(lengths.reduce((a, b) => a + b) / lengths.length).toBeLessThan(20);
  });
});

/** Do both sentences state the same? By regular expressions written apart from the generator; null: synonyms, which need a dictionary. */
function verdict({ kind, row }: Pair): boolean | null {
  const [a, b] = [row.text, row.text2].map((text) => meaning(kind, text.toLowerCase().replace(/\.$/, "")));
  return a === null || b === null ? null : a === b;
}

const SYNONYMS: Record<string, string> = {
  "ran after": "chased",
  frightened: "scared",
  "shouted at": "yelled at",
  "spoke to": "talked to",
  shoved: "pushed",
  "went to see": "visited",
  watched: "looked at",
  "said thanks to": "thanked",
  struck: "hit",
  "made fun of": "teased",
  discovered: "found",
  captured: "caught",
};

function meaning(kind: string, text: string): string | null {
  const who = "(the \\w+|\\w+)";
  const rule = (pattern: string, say: (m: RegExpMatchArray) => string, of = text): string | null => {
    const m = of.match(new RegExp(`^${pattern}$`));
    return m && say(m);
  };
  const good = /\b(happy|glad|loud|noisy|brave|bold|smart|clever|nice|kind|clean|neat)\b/;
  const up = /taller|older|faster|bigger|stronger|richer|as (tall|old|fast|big|strong|rich)/;
  switch (kind) {
    case "negation":
      return String(good.test(text) !== text.includes(" not "));
    case "voice":
      return rule(`${who} was \\w+ by ${who}`, ([, b, a]) => `${a} ${b}`) ?? rule(`${who} \\w+ ${who}`, ([, a, b]) => `${a} ${b}`);
    case "verb": {
      const bare = text.replace(/^near the \w+, /, "").replace(/ near the \w+$/, "");
      return rule(`${who} (\\w.*?) ${who}`, ([, a, verb, b]) => `${a} ${SYNONYMS[verb] ?? verb} ${b}`, bare);
    }
    case "transfer":
      return (
        rule("(\\w+) \\w+ an? \\w+ to (\\w+)", ([, a, b]) => `${a} ${b}`) ??
        rule("(\\w+) \\w+ an? \\w+ from (\\w+)", ([, b, a]) => `${a} ${b}`) ??
        rule("(\\w+) \\w+ (\\w+) an? \\w+", ([, a, b]) => `${a} ${b}`)
      );
    case "comparison":
      return rule("(\\w+) was .* (?:than|as) (\\w+)", ([, a, b]) => (up.test(text) !== text.includes(" not ") ? `${a} ${b}` : `${b} ${a}`));
    case "time":
      return (
        rule("(.+) before (.+)", ([, a, b]) => `${a}, ${b}`) ??
        rule("(.+) after (.+)", ([, a, b]) => `${b}, ${a}`) ??
        rule("before (.+), (.+)", ([, b, a]) => `${a}, ${b}`) ??
        rule("after (.+), (.+)", ([, a, b]) => `${a}, ${b}`)
      );
    case "quality": {
      const looks = [...text.matchAll(/\ban? (\w+) that was (\w+)/g)].map(([, thing, look]) => `${look} ${thing}`);
      const found = looks.length > 0 ? looks : [...text.matchAll(/\ban? (\w+) (\w+)/g)].map(([, look, thing]) => `${look} ${thing}`);
      return found.sort().join(", ");
    }
    default:
      return null;
  }
}
