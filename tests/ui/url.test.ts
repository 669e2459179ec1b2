// The URL holds the differences from the first run, and only known fields of the right type come back from it.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { setField } from "../../src/ui/fields.ts";
import { fromHash, toHash } from "../../src/ui/url.ts";
import { withRank } from "../../src/ui/with-rank.ts";
import { first, sitesOf } from "./fixture.ts";

describe("the URL", () => {
  test("is empty for the first run", () => {
    expect(toHash(first, first)).toBe("");
    expect(fromHash("", first)).toEqual({ config: first, notes: [] });
  });

  test("names only what differs", () => {
    expect(toHash(setField(first, "train.learning_rate", 0.001), first)).toBe("#train.learning_rate=0.001");
  });

  test("brings back any configuration of the form", () => {
    const config = fc.record({
      r: fc.integer({ min: 1, max: 64 }),
      rate: fc.double({ min: 1e-8, max: 1, noNaN: true }),
      limit: fc.option(fc.integer({ min: 1, max: 9999 })),
      source: fc.string({ maxLength: 40 }),
      modules: fc.uniqueArray(fc.constantFrom("q_proj", "v_proj", "model.layers.0.mlp.up_proj")),
      rank: fc.integer({ min: 0, max: 64 }),
      checkpointing: fc.boolean(),
    });
    fc.assert(
      fc.property(config, ({ r, rate, limit, source, modules, rank, checkpointing }) => {
        let one = setField(setField(first, "r", r), "train.learning_rate", rate);
        one = setField(setField(one, "data.limit", limit), "model.source", `file:${source}`);
        one = setField(setField(one, "target_modules", modules), "train.gradient_checkpointing", checkpointing);
        one = withRank(one, sitesOf(one), "model.layers.1.mlp.down_proj", rank);
        expect(fromHash(toHash(one, first), first)).toEqual({ config: one, notes: [] });
      }),
    );
  });

  test("keeps an alpha_pattern that one scale would not give", () => {
    const config = { ...first, rank_pattern: { v_proj: 4 }, alpha_pattern: {} };
    expect(fromHash(toHash(config, first), first).config).toEqual(config);
    expect(toHash({ ...config, alpha_pattern: { v_proj: 8 } }, first)).not.toContain("alpha_pattern");
  });

  test.each([
    ["#nonsense=1", /"nonsense".*does not know/],
    ["#__proto__=1", /does not know/],
    ["#train.steps=many", /"train.steps" to "many"/],
    ["#train.steps=", /"train.steps"/],
    ["#train.gradient_checkpointing=yes", /gradient_checkpointing/],
    ["#r=Infinity", /"r"/],
    ["#rank_pattern=[1]", /"rank_pattern"/],
    ['#rank_pattern={"q":"x"}', /"rank_pattern"/],
    ["#r=" + "1".repeat(100_001), /too long/],
  ])("ignores %.40s with a note", (hash, note) => {
    const { config, notes } = fromHash(hash, first);
    expect(config).toEqual(first);
    expect(notes.join()).toMatch(note);
  });
});
