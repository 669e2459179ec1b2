// peft.test.ts — adapters that PEFT wrote, adapters that we write, and folders that do not fit together.
import { describe, expect, it } from "vitest";
import { FormatError } from "../../src/formats/error.ts";
import { modelCard } from "../../src/formats/model-card.ts";
import { readAdapter, writeAdapter, type AdapterSpec } from "../../src/formats/peft.ts";
import { writeSafetensors } from "../../src/formats/safetensors.ts";
import { folder, GOLDEN } from "./folder.ts";

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));

function module(path: string, r: number, alpha: number, K = 6, N = 4): AdapterSpec["modules"][number] {
  const data = (length: number, seed: number): Float32Array => Float32Array.from({ length }, (_, i) => Math.fround(Math.sin(seed + i)));
  return { path, r, alpha, in: K, out: N, A: data(r * K, r), B: data(N * r, alpha) };
}
const spec = (modules: AdapterSpec["modules"], more: Partial<AdapterSpec> = {}): AdapterSpec => ({
  baseModel: "org/base",
  taskType: "CAUSAL_LM",
  modules,
  ...more,
});
const reread = (files: ReturnType<typeof writeAdapter>): ReturnType<typeof readAdapter> =>
  readAdapter(new Map(Object.entries(files).map(([name, content]) => [name, typeof content === "string" ? encode(content) : content])));

describe("reading what PEFT wrote", () => {
  it("llama-lora: one rank everywhere", async () => {
    const { modules } = await readAdapter(await folder(`${GOLDEN}llama-lora/adapter`));
    expect(modules.size).toBe(14);
    const q = modules.get("model.layers.1.self_attn.q_proj")!;
    expect([q.r, q.alpha, q.scale, q.A.shape, q.B.shape]).toEqual([4, 8, 2, [4, 64], [64, 4]]);
  });

  it("llama-lora-rank-pattern: rank and alpha per module", async () => {
    const { modules } = await readAdapter(await folder(`${GOLDEN}llama-lora-rank-pattern/adapter`));
    const of = (path: string): number[] => [modules.get(path)!.r, modules.get(path)!.alpha];
    expect(modules.size).toBe(21);
    expect(of("model.layers.0.self_attn.q_proj")).toEqual([9, 18]);
    expect(of("model.layers.1.self_attn.q_proj")).toEqual([3, 6]);
    expect(of("model.layers.1.self_attn.v_proj")).toEqual([1, 4]);
    expect(of("model.layers.2.mlp.up_proj")).toEqual([5, 6]);
    expect(of("model.layers.1.mlp.up_proj")).toEqual([3, 6]);
    expect(of("model.layers.0.mlp.down_proj")).toEqual([7, 7]);
  });
});

describe("writing", () => {
  it("round-trips ranks, alphas and weights; r is the largest rank", async () => {
    const given = [
      module("model.layers.0.self_attn.q_proj", 2, 4),
      module("model.layers.1.self_attn.q_proj", 5, 10, 7, 3),
      module("model.layers.10.mlp.up_proj", 1, 0.5),
    ];
    const files = writeAdapter(spec(given, { revision: "abc", dropout: 0.1 }));
    const config = JSON.parse(files["adapter_config.json"]);
    expect(config).toMatchObject({
      r: 5,
      lora_alpha: 10,
      lora_dropout: 0.1,
      peft_type: "LORA",
      task_type: "CAUSAL_LM",
      revision: "abc",
      rank_pattern: { "model.layers.0.self_attn.q_proj": 2, "model.layers.10.mlp.up_proj": 1 },
      alpha_pattern: { "model.layers.0.self_attn.q_proj": 4, "model.layers.10.mlp.up_proj": 0.5 },
      target_modules: given.map((m) => m.path).sort(),
    });
    expect(Object.keys(config)).toEqual(Object.keys(config).sort());
    const { modules } = await reread(files);
    expect(modules.size).toBe(3);
    for (const m of given) {
      const read = modules.get(m.path)!;
      expect([read.r, read.alpha, read.scale]).toEqual([m.r, m.alpha, m.alpha / m.r]);
      expect(read.A).toEqual({ shape: [m.r, m.in], data: m.A });
      expect(read.B).toEqual({ shape: [m.out, m.r], data: m.B });
    }
  });

  it("what was read from PEFT is written with the same tensors, byte for byte", async () => {
    const files = await folder(`${GOLDEN}llama-lora-rank-pattern/adapter`);
    const { modules } = await readAdapter(files);
    const again = writeAdapter(
      spec([...modules].map(([path, m]) => ({ path, r: m.r, alpha: m.alpha, in: m.A.shape[1], out: m.B.shape[0], A: m.A.data, B: m.B.data }))),
    );
    const original = files.get("adapter_model.safetensors")!;
    expect(Buffer.compare(again["adapter_model.safetensors"], await original.read(0, original.size))).toBe(0);
  });

  it("short names only where they mean exactly the adapted modules", () => {
    const sites = ["l.0.q", "l.1.q", "l.0.v", "l.1.v"];
    const targets = (...paths: string[]): unknown =>
      JSON.parse(
        writeAdapter(
          spec(
            paths.map((p) => module(p, 2, 4)),
            { sites },
          ),
        )["adapter_config.json"],
      ).target_modules;
    expect(targets("l.1.q", "l.0.q")).toEqual(["q"]);
    expect(targets("l.0.q", "l.1.q", "l.0.v")).toEqual(["l.0.q", "l.0.v", "l.1.q"]);
  });

  it.each([
    [[], /no module with a rank above 0/],
    [[module("a.q", 0, 4)], /"a.q": rank 0 cannot be written/],
    [[module("a.q", 2, NaN)], /alpha NaN/],
    [[module("a.q", 2, 4), module("a.q", 2, 4)], /given twice/],
    [[module("a.(q|k)", 2, 4)], /not a path/],
    [[{ ...module("a.q", 2, 4), in: 7 }], /A has 12 and B 8 numbers, rank 2 of \(4, 7\) takes 14 and 8/],
  ])("refuses %#", (modules, message) => {
    expect(() => writeAdapter(spec(modules))).toThrow(message);
  });
});

describe("folders that do not fit together", () => {
  const config = { peft_type: "LORA", r: 2, target_modules: ["q"] };
  const A = { name: "base_model.model.l.q.lora_A.weight", shape: [2, 3], data: new Float32Array(6) };
  const B = { name: "base_model.model.l.q.lora_B.weight", shape: [4, 2], data: new Float32Array(8) };
  const read = (json: unknown, tensors: Parameters<typeof writeSafetensors>[0]): ReturnType<typeof readAdapter> =>
    readAdapter(
      new Map([
        ["adapter_config.json", encode(json)],
        ["adapter_model.safetensors", writeSafetensors(tensors)],
      ]),
    );

  it("is read when all fits", async () => {
    expect((await read(config, [A, B])).modules.size).toBe(1);
  });

  it.each([
    [config, [A], /lora_B.weight": is missing: A and B come in pairs/],
    [{ ...config, r: 3 }, [A, B], /A is \(2, 3\) and B \(4, 2\), but adapter_config.json gives this module rank 3/],
    [{ ...config, target_modules: ["k"] }, [A, B], /target_modules in adapter_config.json does not name/],
    [config, [A, B, { ...A, name: "base_model.model.lm_head.weight" }], /"base_model.model.lm_head.weight": is not named/],
    [config, [{ ...A, shape: [6] }, B], /has shape \[6\]/],
    [config, [], /holds no tensors/],
    ["nonsense", [A, B], /adapter_config.json: is not JSON/],
  ])("refuses %#", async (json, tensors, message) => {
    const error: unknown = await read(json, tensors).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(FormatError);
    expect((error as FormatError).message).toMatch(message);
  });

  it("names the missing file", async () => {
    await expect(readAdapter(new Map([["adapter_config.json", encode(config)]]))).rejects.toThrow(/no adapter_model.safetensors/);
  });
});

describe("model card", () => {
  const card = (baseModel: string, kind: "adapter" | "merged" | "full" = "adapter", classes?: string[] | null): string =>
    modelCard({
      ...(classes === undefined ? {} : { classes }),
      title: "tales | <b>",
      baseModel,
      revision: "f00",
      kind,
      folder: kind === "adapter" ? "adapter" : ".",
      data: [["Source", "bundled:tales-qa"]],
      results: [],
      settings: [["train.steps", 60]],
      versions: { rankscope: "0.1.0" },
      modules: [module("l.0.q", 2, 4), module("l.1.q", 0, 0)],
    });
  it("shows ranks, data and how to load", () => {
    const text = card("org/base");
    expect(text).toMatch(/^---\nbase_model: "org\/base"\nlibrary_name: peft\n/);
    expect(text).toContain('from_pretrained("org/base", revision="f00"');
    expect(text).toContain("1 modules, 20 trainable numbers.");
    expect(text).toContain("| `l.0.q` | 2 | 4 | 2 | 20 |");
    expect(text).toContain("# tales \\| &lt;b>");
    expect(text).toContain("## Results\n\nNone.");
  });
  it("a bundled base is a path, a full model has no ranks", () => {
    expect(card("bundled:tales-3m")).toContain('from_pretrained("path/to/tales-3m", dtype');
    expect(card("file:C:\\models\\mine\\")).toContain('from_pretrained("path/to/mine", dtype');
    expect(card("bundled:tales-3m")).toMatch(/^---\nlibrary_name: peft\n/);
    expect(card("bundled:tales-3m")).not.toContain("base_model:");
    expect(card("org/base", "full")).not.toContain("## Ranks");
    expect(card("org/base", "full")).toContain("fine-tuned with Rankscope. All weights are f32.");
  });
  it("a merged model says what was merged, and loads without PEFT", () => {
    const text = card("org/base", "merged");
    expect(text).toContain("`org/base` at revision `f00` with a LoRA adapter merged into its weights");
    expect(text).toContain('model = AutoModelForCausalLM.from_pretrained(".")');
    expect(text).toContain('- "base_model:finetune:org/base"');
    expect(text).toContain("## Ranks");
    expect(text).not.toMatch(/peft/i);
  });
  it("a classifier is loaded as one", () => {
    const text = card("org/base", "adapter", ["no", "yes"]);
    expect(text).toContain("pipeline_tag: text-classification");
    expect(text).toContain('AutoModelForSequenceClassification.from_pretrained("org/base", revision="f00", id2label={0: "no",1: "yes"}, dtype');
    expect(card("org/base", "adapter", null)).toContain("num_labels=1");
    expect(card("org/base", "full", ["no", "yes"])).toContain('model = AutoModelForSequenceClassification.from_pretrained(".")');
  });
});
