// The bundled pairs: always the same, really held out, balanced, rightly labelled, and graded: how far counting words and knowing names gets.
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { encodeLabelled } from "../../src/data/classification.ts";
import { datasets } from "../../src/data/index.ts";
import { HELD_OUT_ROWS, KINDS, type Pair, pairs, reserved, SHARES, TRAIN_ROWS } from "../../src/data/paraphrase.ts";
import { talesTokenizer } from "./tales-model.ts";

const { train, heldOut } = pairs(0);
const all = [...train, ...heldOut];
const digest = (value: unknown) => createHash("sha256").update(JSON.stringify(value)).digest("hex");
const words = (text: string) => text.toLowerCase().replace(/[.,]/g, "").split(" ");
const names = (text: string) => text.match(/\b(Tom|Lily|Ben|Mia|Sam|Sue|Max|Anna)\b/g)!;
const meansSame = ({ row }: Pair) => row.label === "same";

/** Share of pairs whose feature is on the side of the threshold that fits `fit` best. */
function bestThreshold(feature: (pair: Pair) => number, fit: readonly Pair[], test: readonly Pair[]): number {
  const [fitted, tested] = [fit, test].map((part) => part.map((pair) => ({ value: feature(pair), same: meansSame(pair) })));
  const right = (part: typeof fitted, t: number, up: boolean) => part.filter(({ value, same }) => value >= t === (same === up)).length;
  const choices = [...new Set(fitted.map(({ value }) => value))].flatMap((t) => [true, false].map((up) => ({ t, up, score: right(fitted, t, up) })));
  const { t, up } = choices.reduce((a, b) => (b.score > a.score ? b : a));
  return right(tested, t, up) / test.length;
}

const common = ({ row }: Pair) => new Set(words(row.text).filter((word) => words(row.text2).includes(word))).size;
/** Common words over all words, 0..1. */
const overlap = (pair: Pair) => common(pair) / new Set([...words(pair.row.text), ...words(pair.row.text2)]).size;

describe("paraphrase", () => {
  test("is a function of the seed", () => {
    expect(digest(all.map(({ row }) => row))).toMatchInlineSnapshot(`"1ca582aaa178957af8f18ebe070e0fb7cca45208f78245bdddc58b48c259fc8b"`);
    expect(digest(pairs(1))).not.toBe(digest({ train, heldOut }));
    const set = datasets.paraphrase;
    expect(set.load(0)).toEqual({ train: train.map(({ row }) => row), heldOut: heldOut.map(({ row }) => row) });
    expect(set).toMatchObject({ task: "classification", classes: ["different", "same"] });
  });

  test("has its rows, labels, kinds and changes in their shares, no pair twice", () => {
    expect([train.length, heldOut.length]).toEqual([TRAIN_ROWS, HELD_OUT_ROWS]);
    for (const part of [train, heldOut])
      for (const kind of KINDS) {
        const ofKind = part.filter((pair) => pair.kind === kind);
        expect([ofKind.length, ofKind.filter(meansSame).length], kind).toEqual([part.length / KINDS.length, part.length / KINDS.length / 2]);
        for (const [what, share] of Object.entries(SHARES))
          expect(ofKind.filter((pair) => (pair.change ?? "same") === what).length, `${kind} ${what}`).toBe(Math.round(share * ofKind.length));
      }
    // the first rows are like all: what data.limit, train.eval_rows and the calibration batches take
    for (const part of [train, heldOut]) expect(Math.abs(part.slice(0, 200).filter(meansSame).length - 100)).toBeLessThan(20);
    expect(all.filter((pair) => meansSame(pair) !== (pair.change === undefined))).toEqual([]);
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
    // the combination is that of the first sentence, and of the second where nothing else is told instead
    for (const { combination, instead = combination, row } of all) {
      expect(names(combination).sort()).toEqual(names(row.text).sort());
      expect(names(instead).sort()).toEqual(names(row.text2).sort());
    }
  });

  test("is not solved by counting common words, by lengths, or by the words of one sentence", () => {
    for (const part of [train, heldOut]) {
      expect(bestThreshold(overlap, train, part), "overlap").toBeLessThan(0.67);
      expect(bestThreshold(common, train, part), "common words").toBeLessThan(0.67);
      expect(
        bestThreshold(({ row }) => row.text2.length - row.text.length, train, part),
        "lengths",
      ).toBeLessThan(0.55);
    }
    for (const text of ["text", "text2"] as const) {
      const counts = new Map<string, [number, number]>();
      for (const pair of train)
        for (const word of new Set(words(pair.row[text]))) {
          if (!counts.has(word)) counts.set(word, [1, 1]);
          counts.get(word)![Number(meansSame(pair))]++;
        }
      const odds = (pair: Pair) => [...new Set(words(pair.row[text]))].reduce((sum, word) => sum + Math.log(counts.get(word)![1] / counts.get(word)![0]), 0);
      expect(heldOut.filter((pair) => odds(pair) > 0 === meansSame(pair)).length / heldOut.length, text).toBeLessThan(0.6);
    }
  });

  test("is graded: a new name tells 84 %; what is turned takes the same names, and their order does not tell", () => {
    const newName = ({ row }: Pair) => Number(names(row.text2).some((name) => !names(row.text).includes(name)));
    for (const part of [train, heldOut]) {
      expect(bestThreshold(newName, train, part)).toBeCloseTo(0.84, 10);
      const close = part.filter(({ change }) => change === undefined || change === "turned");
      expect(close.filter(newName)).toEqual([]);
      const turned = (pair: Pair) => Number(names(pair.row.text).join() !== names(pair.row.text2).join());
      const most = close.filter(meansSame).length / close.length;
      expect(bestThreshold(turned, close, close)).toBeCloseTo(most, 10);
    }
  });

  test("has the right labels, found by reading the text alone", () => {
    const read = all.map((pair) => ({ pair, meanings: [pair.row.text, pair.row.text2].map((text) => meaning(pair.kind, text)) }));
    expect(read.filter(({ meanings }) => meanings.includes(null))).toEqual([]);
    expect(read.filter(({ pair, meanings: [a, b] }) => (a === b) !== meansSame(pair))).toEqual([]);
  });

  test("is short: hardly a pair has more than 16 tokens for the bundled model", () => {
    const tokenizer = talesTokenizer();
    const lengths = all.map(({ row }) => encodeLabelled(row, 0, tokenizer, 128).example.ids.length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(20);
    expect(lengths.filter((length) => length > 16).length / lengths.length).toBeLessThan(0.1);
  });
});

/** Word → what it means. */
const MEANS = new Map(
  [
    "big large = size +; small little = size -; happy glad = mood +; sad unhappy = mood -; angry mad = temper +; calm quiet = temper -; pretty lovely = looks +",
    "ugly hideous = looks -; smart clever = mind +; silly foolish = mind -; nice kind = manners +; mean rude = manners -; brave bold = courage +",
    "scared afraid = courage -; rabbit bunny = rabbit; kid child = child; monster beast = monster; boat ship = boat; older old = age +; younger young = age -",
    "bigger = size +; smaller = size -; stronger strong = strength +; weaker weak = strength -; hugged held = hug; hit struck = hit; frightened = scare",
    "saw seen noticed = see; gave got = give; sold bought = sell; sent received = send; chased = chase; pushed = push; found = find",
  ]
    .join("; ")
    .split("; ")
    .flatMap((line) =>
      line
        .split(" = ")[0]
        .split(" ")
        .map((word): [string, string] => [word, line.split(" = ")[1]]),
    ),
);

/** What a sentence states, by regular expressions written apart from the generator; null: not understood. */
function meaning(kind: string, sentence: string): string | null {
  const text = sentence.toLowerCase().replace(/\.$/, "").replace(/^(so|then|and|but) /, ""); // prettier-ignore
  const means = (word: string): string => MEANS.get(word) ?? `unknown ${word}`;
  const opposite = (quality: string): string => quality.replace(/[+-]$/, (pole) => (pole === "+" ? "-" : "+"));
  const rule = (pattern: string, say: (...parts: string[]) => string): string | null => {
    const match = text.match(new RegExp(`^${pattern.replaceAll("W", "(\\w+)")}$`));
    return match && say(...match.slice(1));
  };
  switch (kind) {
    case "synonym":
      return rule("W saw an? W W", (a, look, being) => `${a}: ${means(look)} ${means(being)}`);
    case "negation":
      return (
        rule("W was not W W", (a, mind, when) => `${a}: ${opposite(means(mind))} ${when}`) ??
        rule("W was W W", (a, mind, when) => `${a}: ${means(mind)} ${when}`)
      );
    case "voice":
      return rule("W was W by W", (b, deed, a) => `${a} ${means(deed)} ${b}`) ?? rule("W W W", (a, deed, b) => `${a} ${means(deed)} ${b}`);
    case "verb": {
      const deed = (a: string, verb: string, b: string, when: string) => `${a} ${verb === "scared" ? "scare" : means(verb)} ${b} ${when}`;
      return rule("W, W W W", (when, a, verb, b) => deed(a, verb, b, when)) ?? rule("W W W W", deed);
    }
    case "transfer":
      return (
        rule("W W an? W to W", (a, give, thing, b) => `${a} ${means(give)} ${thing} ${b}`) ??
        rule("W W an? W from W", (b, get, thing, a) => `${a} ${means(get)} ${thing} ${b}`) ??
        rule("W W W an? W", (a, give, b, thing) => `${a} ${means(give)} ${thing} ${b}`)
      );
    case "comparison": {
      const compared = (a: string, quality: string, b: string) => (quality.endsWith("+") ? `${a} ${quality} ${b}` : `${b} ${opposite(quality)} ${a}`);
      return (
        rule("W was W than W", (a, more, b) => compared(a, means(more), b)) ??
        rule("W was not as W as W", (a, much, b) => compared(a, opposite(means(much)), b))
      );
    }
    case "time":
      return (
        rule("W W before W W", (a, e, b, f) => `${a} ${e}, ${b} ${f}`) ??
        rule("W W after W W", (b, f, a, e) => `${a} ${e}, ${b} ${f}`) ??
        rule("after W W, W W", (a, e, b, f) => `${a} ${e}, ${b} ${f}`) ??
        rule("before W W, W W", (b, f, a, e) => `${a} ${e}, ${b} ${f}`)
      );
    case "order":
      return rule("W W (?:and|while) W W", (a, e, b, f) => [`${a} ${e}`, `${b} ${f}`].sort().join(", "));
    default:
      return null;
  }
}
