// Every adapter of the registry: the base at the start, merging is the forward pass, only its own numbers move, and its file gives it back.

import { describe, expect, test } from "vitest";
import { type AdapterName, adapters } from "../../src/adapters/index.ts";
import { makeBatch } from "../../src/data/batch.ts";
import type { Backend } from "../../src/engine/backend.ts";
import { readAdapter } from "../../src/formats/peft.ts";
import { methods } from "../../src/methods/index.ts";
import type { LoadedModel } from "../../src/session/load.ts";
import { runFiles } from "../../src/session/export.ts";
import { Control } from "../../src/train/control.ts";
import { readLogits, writeBatch } from "../../src/train/evaluate.ts";
import { Merger } from "../../src/train/merge.ts";
import type { Run } from "../../src/train/run.ts";
import { targetOfAdapter, targetOfBase } from "../../src/train/subject.ts";
import { train } from "../../src/train/trainer.ts";
import { backends } from "../harness/backends.ts";
import { relativeError } from "../harness/run.ts";
import { type Tiny, checkpointOf, dataOf, examples, fillAdapter, runConfig, runOf, tinyModel } from "../harness/tiny-model.ts";
import { webgpuMissing } from "../harness/webgpu.ts";

const tiny = await tinyModel({ attention_bias: true, tie_word_embeddings: false });
const rows = examples(4, 61);
const batch = makeBatch(rows.slice(0, 2));

async function logitsOf(run: Run): Promise<Float32Array> {
  writeBatch(run, batch);
  return readLogits(run, batch.B, batch.T);
}

async function baseLogits(backend: Backend, of: Tiny): Promise<Float32Array> {
  const run = await runOf(backend, of, runConfig(), targetOfBase(of.base));
  const logits = await logitsOf(run);
  run.destroy();
  return logits;
}

/** Different ranks and alphas, some sites off, a group with one site. */
const configOf = (name: AdapterName) =>
  runConfig({
    method: Object.values(methods).find((m) => m.adapter === name)!.name,
    r: 5,
    target_modules: ["q_proj", "v_proj", "o_proj", "up_proj", "layers.1.mlp.gate_proj", "layers.0.mlp.down_proj"],
    rank_pattern: { v_proj: 2, "layers.1.self_attn.q_proj": 8 },
    alpha_pattern: { o_proj: 3 },
  });

describe.each(["reference", "webgpu"] as const)("%s", (place) => {
  describe.skipIf(place === "webgpu" && webgpuMissing).each(Object.keys(adapters) as AdapterName[])("%s", (name) => {
    const config = configOf(name);

    test("a fresh adapter is the base", async () => {
      const backend = (await backends[place]())!;
      const run = await runOf(backend, tiny, config);
      expect(relativeError(await logitsOf(run), await baseLogits(backend, tiny))).toBeLessThan(1e-6);
      run.destroy();
    });

    test("merged weights give the adapter's logits, and switched off it is the base", async () => {
      const backend = (await backends[place]())!;
      const run = await runOf(backend, tiny, config);
      await fillAdapter(run);
      const adapted = await logitsOf(run);
      const tensors = { ...tiny.tensors };
      const merger = new Merger(run);
      for (const site of run.target.ranks.keys()) tensors[`${site}.weight`] = { shape: tiny.tensors[`${site}.weight`].shape, data: await merger.weight(site) };
      merger.destroy();
      const merged = await baseLogits(backend, { ...tiny, tensors, checkpoint: await checkpointOf(tensors) });
      const base = await baseLogits(backend, tiny);
      expect(relativeError(merged, adapted)).toBeLessThan(1e-5);
      expect(relativeError(base, adapted)).toBeGreaterThan(0.1);
      run.adapterOn(false);
      expect(relativeError(await logitsOf(run), base)).toBeLessThan(1e-6);
      run.destroy();
    });

    test("only its own numbers move", async () => {
      const backend = (await backends[place]())!;
      const run = await runOf(backend, tiny, config);
      const base = await baseLogits(backend, tiny);
      expect(run.parameters.segments.every((s) => run.target.ranks.has(s.name.slice(0, s.name.lastIndexOf("."))))).toBe(true);
      const before = await Promise.all(run.parameters.segments.map((s) => run.parameters.read(s.name)));
      await train(run, dataOf(rows), { ...config, train: { ...config.train, steps: 2 } }, new Control(0.05), () => {});
      const after = await Promise.all(run.parameters.segments.map((s) => run.parameters.read(s.name)));
      before.forEach((data, i) => expect(after[i], run.parameters.segments[i].name).not.toEqual(data));
      expect(relativeError(await logitsOf(run), base)).toBeGreaterThan(1e-3);
      run.adapterOn(false);
      expect(relativeError(await logitsOf(run), base)).toBeLessThan(1e-6);
      run.destroy();
    });

    test("its exported files give it back", async () => {
      const backend = (await backends[place]())!;
      const run = await runOf(backend, tiny, config);
      await fillAdapter(run);
      const adapted = await logitsOf(run);
      const model = { files: { name: "tiny", revision: null, config: tiny.json }, base: tiny.base, checkpoint: tiny.checkpoint } as unknown as LoadedModel;
      const files = await runFiles(run, model, config, []);
      run.destroy();
      const encoded = new Map(
        Object.entries(files)
          .filter(([path]) => path.startsWith("adapter/"))
          .map(([path, bytes]) => [path.slice("adapter/".length), typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes]),
      );
      const peft = await readAdapter(encoded);
      const again = await runOf(backend, tiny, config, targetOfAdapter(tiny.base, peft));
      again.load(peft);
      expect(again.target.ranks).toEqual(run.target.ranks);
      expect(relativeError(await logitsOf(again), adapted)).toBeLessThan(1e-6);
      again.destroy();
    });
  });
});

test("an adapter of another model is refused by name", async () => {
  const config = configOf("lora");
  const run = await runOf((await backends.reference())!, tiny, config);
  const model = { files: { name: "tiny", revision: null, config: tiny.json } } as unknown as LoadedModel;
  const files = await runFiles(run, model, config, []);
  const peft = await readAdapter(
    new Map([
      ["adapter_config.json", new TextEncoder().encode(files["adapter/adapter_config.json"] as string)],
      ["adapter_model.safetensors", files["adapter/adapter_model.safetensors"] as Uint8Array],
    ]),
  );
  const shallow = await tinyModel({ num_hidden_layers: 1 });
  expect(() => targetOfAdapter(shallow.base, peft)).toThrow(/adapts "model\.layers\.1\.[^"]+", which this model does not have/);
  const wide = await tinyModel({ intermediate_size: 64 });
  expect(() => targetOfAdapter(wide.base, peft)).toThrow(/"model\.layers\.\d\.mlp\.\w+" is \d+ × \d+ in this model, the adapter's A is \(/);
});
