// The URL holds the differences from the first run, and only known fields of the right type come back from it.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { setField } from "../../src/ui/fields.ts";
import { fromAddress, fromHash, pageOf, toHash, toSearch } from "../../src/ui/url.ts";
import { withRank } from "../../src/ui/with-rank.ts";
import { catalogue, first, sitesOf } from "./fixture.ts";

describe("the URL", () => {
  test("is empty for the first run", () => {
    expect(toHash(first, catalogue)).toBe("");
    expect(fromHash("", catalogue)).toEqual({ config: first, notes: [] });
  });

  test("names only what differs", () => {
    expect(toHash(setField(first, "train.learning_rate", 0.001), catalogue)).toBe("#train.learning_rate=0.001");
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
        expect(fromHash(toHash(one, catalogue), catalogue)).toEqual({ config: one, notes: [] });
      }),
    );
  });

  test("brings back any allocation, and writes only what is not usual of it", () => {
    const budget = fc.oneof(
      fc.record({ share: fc.double({ min: 0.01, max: 1, noNaN: true }) }),
      fc.record({ modules: fc.nat(99) }),
      fc.record({ parameters: fc.nat(1e6) }),
    );
    const some = fc.record(
      {
        proxy: fc.constantFrom("snip", "grasp"),
        budget,
        when: fc.constantFrom("static" as const, "dynamic" as const),
        max_rank: fc.option(fc.nat(64)),
        locked: fc.array(fc.string({ minLength: 1 })),
        ranks: fc.dictionary(fc.constantFrom("q_proj", "v_proj"), fc.nat(64), { noNullPrototype: true }),
      },
      { requiredKeys: [], noNullPrototype: true },
    );
    fc.assert(
      fc.property(some, (changes) => {
        const config = { ...first, allocation: { ...catalogue.allocation, ...changes } };
        expect(fromHash(toHash(config, catalogue), catalogue)).toEqual({ config, notes: [] });
      }),
    );
    expect(toHash({ ...first, allocation: { ...catalogue.allocation, when: "dynamic" } }, catalogue)).toBe("#allocation=%7B%22when%22%3A%22dynamic%22%7D");
  });

  test("keeps an alpha_pattern that one scale would not give", () => {
    const config = { ...first, rank_pattern: { v_proj: 4 }, alpha_pattern: {} };
    expect(fromHash(toHash(config, catalogue), catalogue).config).toEqual(config);
    expect(toHash({ ...config, alpha_pattern: { v_proj: 8 } }, catalogue)).not.toContain("alpha_pattern");
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
    ["#allocation=5", /"allocation"/],
    ['#allocation={"colour":"red"}', /"allocation"/],
    ['#allocation={"budget":{"share":"all"}}', /"allocation"/],
    ['#allocation={"budget":{"share":1,"modules":1}}', /"allocation"/],
    ['#allocation={"locked":[1]}', /"allocation"/],
    ["#r=" + "1".repeat(100_001), /too long/],
  ])("ignores %.40s with a note", (hash, note) => {
    const { config, notes } = fromHash(hash, catalogue);
    expect(config).toEqual(first);
    expect(notes.join()).toMatch(note);
  });

  test("holds the backend and the page in the query, beside what others put there", () => {
    const known = { ...catalogue, fields: { ...catalogue.fields, backend: { title: "Backend", help: "", choices: ["auto", "wasm"] } } };
    expect(fromAddress({ search: "?backend=wasm", hash: "#r=2&backend=auto" }, known).config).toEqual({ ...first, r: 2, backend: "wasm" });
    expect(fromAddress({ search: "?backend=abacus", hash: "" }, known)).toEqual({ config: first, notes: [expect.stringMatching(/"abacus".*auto, wasm/)] });
    expect(toHash({ ...first, backend: "wasm" }, catalogue)).toBe("");
    const search = toSearch("?lang=en", { page: "device", backend: "wasm" }, first);
    expect(search).toBe("?lang=en&page=device&backend=wasm");
    expect(toSearch(search, { page: "train", backend: "auto" }, first)).toBe("?lang=en");
    expect([pageOf(search), pageOf(""), pageOf("?page=moon")]).toEqual(["device", "train", "train"]);
  });

  test("takes a field that is null in the first run as a number, an object or null", () => {
    expect(fromHash("#data.limit=20", catalogue).config.data.limit).toBe(20);
    expect(fromHash("#data.limit=many", catalogue).notes).toHaveLength(1);
    expect(fromHash("#data.columns=" + encodeURIComponent('{"text":"review"}'), catalogue).config.data.columns).toEqual({ text: "review" });
  });

  test("or as a text, where that is what it may be", () => {
    const data = {
      ...first.data,
      eval_source: "file:own.csv",
      system: '42 & {"kind"}\nlines',
      template: "{% for m in messages %}{{ m.content + '&=#' }}{% endfor %}",
      columns: { prompt: "a b", completion: "c,d" },
    };
    expect(fromHash(toHash({ ...first, data }, catalogue), catalogue)).toEqual({ config: { ...first, data }, notes: [] });
    expect(fromHash("#data.system=null&data.eval_source=null", catalogue)).toEqual({ config: first, notes: [] });
    expect(fromHash("#data.system=", catalogue).notes).toHaveLength(1);
  });
});
