// peft-config.test.ts — which modules an adapter names and with what rank: as PEFT and Python's `re` decide (regex-cases.py).
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FormatError } from "../../src/formats/error.ts";
import { matchTarget, parseLoraConfig, patternValue, scaling, type TargetRule } from "../../src/formats/peft-config.ts";
import { pythonRegex } from "../../src/formats/python-regex.ts";
import cases from "./regex-cases.json" with { type: "json" };

const hits = (test: (path: string) => boolean): number[] => cases.paths.flatMap((path, i) => (test(path) ? [i] : []));

describe("as PEFT decides", () => {
  it.each(cases.match as [string, number[]][])("patterns: %j", (key, expected) => {
    expect(hits((path) => patternValue({ [key]: 1 }, path, 0) === 1)).toEqual(expected);
  });
  it.each(cases.fullmatch as [string, number[]][])("re.fullmatch: %j", (pattern, expected) => {
    expect(hits((path) => pythonRegex(pattern, "test").fullmatch(path))).toEqual(expected);
  });
  it.each(cases.targets as unknown as [TargetRule, number[]][])("targets: %j", (rule, expected) => {
    expect(hits((path) => matchTarget(rule, path))).toEqual(expected);
  });
  it.each(cases.values as unknown as [Record<string, number>, number[]][])("values: %j", (pattern, expected) => {
    expect(cases.paths.map((path) => patternValue(pattern, path, 8))).toEqual(expected);
  });
  it("all-linear, scaling", () => {
    expect(matchTarget({ target_modules: "all-linear", exclude_modules: ["k_proj"] }, "model.layers.0.self_attn.q_proj")).toBe(true);
    expect(matchTarget({ target_modules: "ALL-linear", exclude_modules: ["k_proj"] }, "model.layers.0.self_attn.k_proj")).toBe(false);
    expect(scaling(4, 16)).toBe(4);
    expect(scaling(4, 16, true)).toBe(8);
  });
});

describe("patterns from strangers", () => {
  const path = "model.layers.10.self_attn.q_proj_and_a_long_tail_of_letters_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
  it.each([
    "(a+)+$",
    "(.*)*x",
    "((.*)*)*x",
    ".*.*.*.*.*.*.*.*.*.*x",
    "(.|.|.)*x",
    "(.?){1000}x",
    "((((((a*)*)*)*)*)*)*x",
    `${"(".repeat(45)}.*${")*".repeat(45)}x`,
    "(?=(?=(.*.*.*)*x)).*",
  ])("%s is answered or refused at once", (pattern) => {
    const start = performance.now();
    try {
      expect(pythonRegex(pattern, "target_modules").fullmatch(path)).toBe(false);
    } catch (error) {
      expect(error).toBeInstanceOf(FormatError);
    }
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  it.each([
    ["(a", /"\(a" has a \( without its \)/],
    ["a)", /has a \) without its \(/],
    ["[a", /has a \[ without its \]/],
    ["*a", /repeats nothing/],
    ["a**", /repeats a repeat/],
    ["a{3,2}", /first number is larger/],
    ["a{99999}", /limit 1000/],
    ["(a)\\1", /uses \\1, which is not known/],
    ["(?i)a", /uses \(\?i, which is not known/],
    ["(?<=a)b", /uses \(\?</],
    ["a\\", /ends in a backslash/],
    ["[z-a]", /wrong range/],
    ["x".repeat(3000), /has 3000 characters \(limit 2000\)/],
    ["(".repeat(60), /nests groups/],
  ])("%s is refused by name", (pattern, message) => {
    expect(() => pythonRegex(pattern, "target_modules")).toThrow(message);
    expect(() => pythonRegex(pattern, "target_modules")).toThrow(FormatError);
  });

  it("agrees with JavaScript's own engine on random small patterns", () => {
    const leaf = fc.constantFrom("a", "b", ".", "[ab]", "[^a]", "\\w", "\\.", "^", "$", "\\b");
    const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
      pattern: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.tuple(tie("pattern"), tie("pattern")).map(([a, b]) => a + b),
        fc.tuple(tie("pattern"), tie("pattern")).map(([a, b]) => `(${a}|${b})`),
        fc.tuple(tie("pattern"), fc.constantFrom("*", "+", "?", "{2}", "{1,3}", "*?")).map(([a, q]) => `(?:${a})${q}`),
        fc.tuple(fc.constantFrom("?=", "?!"), tie("pattern")).map(([l, a]) => `(${l}${a})`),
      ),
    }));
    fc.assert(
      fc.property(pattern, fc.string({ unit: fc.constantFrom("a", "b", "."), maxLength: 6 }), (source, text) => {
        expect(pythonRegex(source, "test").fullmatch(text)).toBe(new RegExp(`^(?:${source})$`).test(text));
        expect(pythonRegex(source, "test").match(text)).toBe(new RegExp(`^(?:${source})`).test(text));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("adapter_config.json", () => {
  const plain = { peft_type: "LORA", target_modules: ["q_proj"] };
  it("has PEFT's defaults", () => {
    expect(parseLoraConfig(plain)).toMatchObject({ r: 8, lora_alpha: 8, lora_dropout: 0, use_rslora: false, rank_pattern: {}, target_modules: ["q_proj"] });
  });
  it.each([
    [{ peft_type: "VERA" }, /peft_type: "VERA" is not "LORA"/],
    [{ r: 0 }, /r: 0 is not a rank/],
    [{ r: -4 }, /r: -4/],
    [{ r: 2.5 }, /r: 2.5/],
    [{ rank_pattern: { q_proj: 0 } }, /rank_pattern: {"q_proj":0}/],
    [{ lora_alpha: "16" }, /lora_alpha: "16" is not a number/],
    [{ use_dora: true }, /use_dora: true is not supported.*merge/],
    [{ modules_to_save: "lm_head" }, /modules_to_save: "lm_head" is not a list of names/],
    [{ bias: "all" }, /bias: "all"/],
    [{ target_modules: null }, /target_modules: is missing/],
    [{ target_modules: [1] }, /target_modules: \[1\]/],
    [{ target_modules: "q.*", layers_to_transform: 1 }, /layers_to_transform: cannot be used/],
    [{ lora_dropout: 1 }, /lora_dropout: 1/],
  ])("refuses %j", (change, message) => {
    expect(() => parseLoraConfig({ ...plain, ...change })).toThrow(message);
  });
});
