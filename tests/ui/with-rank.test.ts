// A rank set by hand, as PEFT reads it back: patterns by path, absence for rank 0, one scale for all modules.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RunConfig } from "../../src/protocol.ts";
import { parseConfig } from "../../src/train/config.ts";
import { siteInfos, targetOf } from "../../src/train/subject.ts";
import shortcuts from "../../examples/heterolora-shortcuts.json" with { type: "json" };
import { withRanks } from "../../src/ui/edits.ts";
import { oneScale, withRank } from "../../src/ui/with-rank.ts";
import { tinyModel } from "../harness/tiny-model.ts";
import { catalogue, first, sitesOf } from "./fixture.ts";

const v3 = "model.layers.3.self_attn.v_proj";
const set = (config: RunConfig, name: string, r: number) => withRank(config, sitesOf(config), name, r);

describe("withRank", () => {
  test("writes the full path, and alpha by the one scale", () => {
    const config = set(first, v3, 4);
    expect(config.rank_pattern).toEqual({ [v3]: 4 });
    expect(config.alpha_pattern).toEqual({ [v3]: 8 });
    expect(config.target_modules).toEqual(first.target_modules);
  });

  test("rank 0 is absence: full paths of what remains", () => {
    const config = set(set(first, v3, 4), v3, 0);
    expect(config.target_modules).toHaveLength(41);
    expect(config.target_modules).not.toContain(v3);
    expect(config.rank_pattern).toEqual({});
    expect(config.alpha_pattern).toEqual({});
  });

  test("back to the common rank leaves no trace", () => {
    const back = set(set(set(first, v3, 4), v3, 0), v3, first.r);
    expect(back).toEqual(first);
  });

  test("a module switched off in all layers is a short name less", () => {
    let config = first;
    for (let layer = 0; layer < 6; layer++) config = set(config, `model.layers.${layer}.self_attn.k_proj`, 0);
    expect(config.target_modules).toEqual(["q_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]);
  });

  test("a full path goes before a pattern that also matches, also to return to the common rank", () => {
    const narrow: RunConfig = { ...first, rank_pattern: { v_proj: 2 } };
    expect(Object.keys(set(narrow, v3, 16).rank_pattern)).toEqual([v3, "v_proj"]);
    expect(set(narrow, v3, first.r).rank_pattern).toEqual({ [v3]: first.r, v_proj: 2 });
    expect(set(set(narrow, v3, 16), v3, 2).rank_pattern).toEqual({ v_proj: 2 });
  });

  test("does not change what it is given", () => {
    const frozen = structuredClone(first);
    set(first, v3, 0);
    expect(first).toEqual(frozen);
  });

  test("any series of settings gives exactly the last rank of each place, and one scale", () => {
    const names = sitesOf(first).map((site) => site.name);
    const setting = fc.tuple(fc.constantFrom(...names), fc.integer({ min: 0, max: 32 }));
    fc.assert(
      fc.property(fc.array(setting, { maxLength: 30 }), (settings) => {
        const wanted = new Map(names.map((name) => [name, first.r]));
        let config = first;
        for (const [name, r] of settings) {
          config = set(config, name, r);
          wanted.set(name, r);
        }
        expect(new Map(sitesOf(config).map((site) => [site.name, site.r]))).toEqual(wanted);
        for (const [key, r] of Object.entries(config.rank_pattern)) expect(config.alpha_pattern[key] / r).toBe(first.lora_alpha / first.r);
      }),
      { numRuns: 50 },
    );
  });

  test("names a place that does not exist", () => {
    expect(() => set(first, "model.layers.9.self_attn.v_proj", 1)).toThrow(/no site is called "model\.layers\.9/);
  });
});

test("oneScale follows a changed rank or alpha", () => {
  const config = oneScale({ ...set(first, v3, 4), lora_alpha: 32 });
  expect(config.alpha_pattern).toEqual({ [v3]: 16 });
});

test("with shortcuts, a place set by hand and a module switched off are configurations that the model takes", async () => {
  const { base } = await tinyModel();
  const config = parseConfig({ ...shortcuts, r: 2, lora_alpha: 4, target_modules: ["q_proj", "v_proj"] });
  const sites = siteInfos(targetOf(base, config));
  expect(sites.some(({ kind }) => kind)).toBe(true);
  const place = "model.layers.0.self_attn.q_proj";
  const set = withRanks(catalogue, { config, sites }, [place], 4).config;
  expect(set.target_modules).toEqual(["q_proj", "v_proj"]);
  expect(siteInfos(targetOf(base, set)).find(({ name }) => name === place)!.r).toBe(4);
  const off = withRanks(catalogue, { config, sites }, sites.filter(({ module }) => module === "q_proj").map(({ name }) => name), 0).config; // prettier-ignore
  expect(off.target_modules).toEqual(["v_proj"]);
  expect(() => targetOf(base, off)).not.toThrow();
});
