// Configurations that are wrong: every error names the field, says what it holds and what would do; and what target_modules and the patterns mean.

import { describe, expect, test } from "vitest";
import { ConfigError } from "../../src/models/model.ts";
import { checkWeights } from "../../src/train/run.ts";
import { firstAllocation, firstRun, parseConfig } from "../../src/train/config.ts";
import { fields } from "../../src/train/fields.ts";
import { weightsOf } from "../../src/train/graphs.ts";
import { rateFactor } from "../../src/train/learning-rate.ts";
import { parameterCounts, siteInfos, targetOf } from "../../src/train/subject.ts";
import { checkpointOf, runConfig, tinyModel } from "../harness/tiny-model.ts";

const tiny = await tinyModel();

function problem(fn: () => unknown): ConfigError {
  try {
    fn();
  } catch (e) {
    if (e instanceof ConfigError) return e;
    throw e;
  }
  throw new Error("no error was thrown");
}

test("nothing given is the first run; what is given stays", () => {
  expect(parseConfig({})).toEqual(firstRun);
  const config = parseConfig({ r: 3, train: { steps: 9 }, data: { limit: 5 } });
  expect(config).toEqual({ ...firstRun, r: 3, train: { ...firstRun.train, steps: 9 }, data: { ...firstRun.data, limit: 5 } });
  expect(parseConfig(JSON.parse(JSON.stringify(config)))).toEqual(config);
});

test("the table of fields and the first run have the same fields, and every field has a title and help", () => {
  const paths = (o: object, at: string): string[] =>
    Object.entries(o).flatMap(([k, v]) => (at + k in fields ? [at + k] : typeof v === "object" && v ? paths(v, `${at}${k}.`) : [at + k]));
  expect(Object.keys(fields).sort()).toEqual(paths({ ...firstRun, allocation: firstAllocation }, "").sort());
  for (const [path, f] of Object.entries(fields)) expect(f.title && f.help, path).toBeTruthy();
});

test.each([
  [null, "configuration"],
  [[], "configuration"],
  ["{}", "configuration"],
  [{ rank: 8 }, "rank"],
  [{ toString: 1 }, "toString"],
  [JSON.parse('{"__proto__": {"r": 1}}'), "__proto__"],
  [{ train: { epochs: 3 } }, "train.epochs"],
  [{ train: 5 }, "train"],
  [{ train: null }, "train"],
  [{ model: [] }, "model"],
  [{ model: { source: "" } }, "model.source"],
  [{ model: { source: 7 } }, "model.source"],
  [{ model: { dtype: "int3" } }, "model.dtype"],
  [{ data: { max_length: 7 } }, "data.max_length"],
  [{ data: { max_length: 32.5 } }, "data.max_length"],
  [{ data: { limit: 0 } }, "data.limit"],
  [{ data: { columns: { tekst: "a" } } }, "data.columns"],
  [{ data: { columns: { label: 3 } } }, "data.columns"],
  [{ data: { eval_share: 1 } }, "data.eval_share"],
  [{ data: { format: "xml" } }, "data.format"],
  [{ method: "lara" }, "method"],
  [{ r: 0 }, "r"],
  [{ r: -4 }, "r"],
  [{ r: "8" }, "r"],
  [{ r: null }, "r"],
  [{ lora_alpha: 0 }, "lora_alpha"],
  [{ lora_alpha: NaN }, "lora_alpha"],
  [{ lora_dropout: 1 }, "lora_dropout"],
  [{ target_modules: "q_proj" }, "target_modules"],
  [{ target_modules: ["q_proj", 3] }, "target_modules"],
  [{ rank_pattern: [4] }, "rank_pattern"],
  [{ rank_pattern: { q_proj: 0 } }, "rank_pattern"],
  [{ alpha_pattern: { q_proj: "4" } }, "alpha_pattern"],
  [{ train: { steps: 0 } }, "train.steps"],
  [{ train: { learning_rate: -1 } }, "train.learning_rate"],
  [{ train: { learning_rate: Infinity } }, "train.learning_rate"],
  [{ train: { lr_scheduler_type: "step" } }, "train.lr_scheduler_type"],
  [{ train: { seed: 2 ** 32 } }, "train.seed"],
  [{ train: { optimizer: "sgd" } }, "train.optimizer"],
  [{ train: { gradient_checkpointing: 1 } }, "train.gradient_checkpointing"],
  [{ backend: "cuda" }, "backend"],
])("%j is an error in %s", (json, where) => {
  const e = problem(() => parseConfig(json));
  expect(e.where).toBe(where);
  expect(e.message).toMatch(/\. ./);
  expect(e.hint.length).toBeGreaterThan(5);
  expect(e.message.length).toBeLessThan(500);
});

describe("what is trained", () => {
  const infos = (change: Parameters<typeof runConfig>[0]) => siteInfos(targetOf(tiny.base, runConfig(change)));
  const adapted = (change: Parameters<typeof runConfig>[0]): string[] =>
    infos(change)
      .filter((s) => s.r)
      .map((s) => `${s.name.replace("model.layers.", "").replace(/self_attn\.|mlp\./, "")} ${s.r} ${s.alpha}`);

  test("names are suffixes of whole words, paths are exact", () => {
    expect(adapted({ target_modules: ["q_proj"] })).toEqual(["0.q_proj 4 8", "1.q_proj 4 8"]);
    expect(adapted({ target_modules: ["model.layers.1.mlp.up_proj"] })).toEqual(["1.up_proj 4 8"]);
    expect(adapted({ target_modules: ["1.self_attn.k_proj", "0.mlp.down_proj"] })).toEqual(["0.down_proj 4 8", "1.k_proj 4 8"]);
  });

  test("patterns are regular expressions over the end of the path; the first that fits counts", () => {
    const target_modules = ["q_proj", "up_proj"];
    expect(adapted({ target_modules, rank_pattern: { "1\\..*": 2, up_proj: 3 } })).toEqual(["0.q_proj 4 8", "0.up_proj 3 8", "1.q_proj 2 8", "1.up_proj 2 8"]);
    expect(adapted({ target_modules, rank_pattern: { proj: 2 } })).toEqual(["0.q_proj 4 8", "0.up_proj 4 8", "1.q_proj 4 8", "1.up_proj 4 8"]);
    expect(adapted({ target_modules, alpha_pattern: { "model\\.layers\\.[01]\\.mlp\\.up_proj": 3 } })[1]).toBe("0.up_proj 4 3");
    expect(adapted({ target_modules, rank_pattern: { "(q|up)_proj": 32 } })).toHaveLength(4);
  });

  test("scales are alpha / r at each site's own place; the counts leave padding out", () => {
    const t = targetOf(
      tiny.base,
      runConfig({ r: 3, lora_alpha: 6, target_modules: ["v_proj", "o_proj"], rank_pattern: { o_proj: 5 }, alpha_pattern: { o_proj: 1 } }),
    );
    expect(t.scales.length % 4).toBe(0);
    t.sites.forEach((s, i) => expect(t.scales[i]).toBeCloseTo(s.name.endsWith("v_proj") ? 2 : s.name.endsWith("o_proj") ? 0.2 : 0, 6));
    const { trainable, total } = parameterCounts(t);
    expect(trainable).toBe(2 * 3 * (32 + 16) + 2 * 5 * (32 + 32));
    expect(total - trainable).toBe(Object.values(tiny.tensors).reduce((n, x) => n + x.data.length, 0));
    const full = parameterCounts(targetOf(tiny.base, runConfig({ method: "full", target_modules: ["v_proj", "norm"] })));
    expect(full).toEqual({ trainable: 2 * 16 * 32 + 32, total: total - trainable });
  });

  test.each([
    [{ r: 33 }, "r", /q_proj.*32 × 32.*1 to 32.*33/],
    [{ r: 20 }, "r", /k_proj is 16 × 32.*1 to 16/],
    [{ rank_pattern: { up_proj: 40 } }, "rank_pattern", /up_proj.*1 to 32.*40/],
    [{ rank_pattern: { up_proj: 2.5 } }, "rank_pattern", /whole number.*2\.5/],
    [{ target_modules: ["q_proj", "query"] }, "target_modules", /"query" is no module.*q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj/],
    [{ target_modules: ["proj"] }, "target_modules", /"proj"/],
    [{ target_modules: [] }, "target_modules", /names no module/],
    [{ target_modules: ["lm_head"] }, "target_modules", /"lm_head"/],
  ])("%j is an error in %s", (change, where, message) => {
    const e = problem(() => targetOf(tiny.base, runConfig(change as Parameters<typeof runConfig>[0])));
    expect(e.where).toBe(where);
    expect(e.message).toMatch(message);
  });

  test("ranks and alphas that parseConfig did not see are checked too", () => {
    const config = runConfig();
    for (const r of [0, -1, NaN]) expect(problem(() => targetOf(tiny.base, { ...config, r })).where).toBe("r");
    for (const lora_alpha of [0, -1, NaN]) expect(problem(() => targetOf(tiny.base, { ...config, lora_alpha })).where).toBe("lora_alpha");
    expect(problem(() => targetOf(tiny.base, { ...config, alpha_pattern: { q_proj: -2 } })).where).toBe("alpha_pattern");
    expect(() => targetOf(tiny.base, { ...config, rank_pattern: { "(q_proj": 2 } })).toThrow(/rank_pattern "\(q_proj"/);
  });
});

test("weights that config.json asks for and the file has not, or in another shape", async () => {
  const weights = weightsOf(tiny.base.model, tiny.base.config);
  checkWeights(tiny.checkpoint, weights);
  const { "model.layers.1.mlp.up_proj.weight": gone, ...rest } = tiny.tensors;
  const missing = await checkpointOf(rest);
  expect(() => checkWeights(missing, weights)).toThrow(/model\.safetensors.*no tensor "model\.layers\.1\.mlp\.up_proj\.weight"/);
  const turned = await checkpointOf({ ...rest, "model.layers.1.mlp.up_proj.weight": { ...gone, shape: [32, 44] } });
  expect(() => checkWeights(turned, weights)).toThrow(/"model\.layers\.1\.mlp\.up_proj\.weight" is \(32, 44\), config\.json asks for \(44, 32\)/);
  const spare = await checkpointOf({ ...tiny.tensors, "lm_head.weight": tiny.tensors["model.embed_tokens.weight"] });
  checkWeights(spare, weights); // a tied head stored twice is no harm
});

test("rates: warm-up to the peak, then as the schedule says, never below 0", () => {
  expect([0, 1, 2, 3].map((s) => rateFactor("cosine", s, 10, 4))).toEqual([0.25, 0.5, 0.75, 1]);
  expect(rateFactor("cosine", 4, 10, 4)).toBe(1);
  expect(rateFactor("cosine", 7, 10, 4)).toBeCloseTo(0.5, 12);
  expect(rateFactor("linear", 7, 10, 4)).toBeCloseTo(0.5, 12);
  expect(rateFactor("constant", 9, 10, 0)).toBe(1);
  expect(rateFactor("linear", 30, 10, 4)).toBe(0);
  expect(rateFactor("cosine", 2, 3, 50)).toBeCloseTo(3 / 50, 12); // a warm-up longer than the run
});
