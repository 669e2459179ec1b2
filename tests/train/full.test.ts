// Full fine-tuning of chosen weights: gradients against the reference and central differences, biases and both kinds of head included; nothing else moves.

import { describe, expect, test } from "vitest";
import { makeBatch } from "../../src/data/batch.ts";
import type { Backend } from "../../src/engine/backend.ts";
import { Control } from "../../src/train/control.ts";
import { writeBatch } from "../../src/train/evaluate.ts";
import { targetOf } from "../../src/train/subject.ts";
import { train } from "../../src/train/trainer.ts";
import { backends, webgpuForTests } from "../harness/backends.ts";
import { relativeError } from "../harness/run.ts";
import { type Tiny, dataOf, examples, runConfig, runOf, tinyModel } from "../harness/tiny-model.ts";
import { webgpuMissing } from "../harness/webgpu.ts";

const rows = examples(4, 61);
const batch = makeBatch(rows.slice(0, 2));
const full = (target_modules: string[], steps = 2) => runConfig({ method: "full", target_modules, train: { steps } });

const kinds: Record<string, Record<string, unknown>> = {
  "tied head": {},
  "own head": { tie_word_embeddings: false },
  "biases everywhere": { attention_bias: true, mlp_bias: true, tie_word_embeddings: false },
};

/** Loss and gradient of every trained tensor. */
async function gradients(backend: Backend, tiny: Tiny, modules: string[]): Promise<{ loss: number; of: Map<string, Float32Array> }> {
  const run = await runOf(backend, tiny, full(modules));
  const micro = await run.plans.micro(batch.B, batch.T);
  writeBatch(run, batch);
  await backend.run(micro);
  const [loss] = await backend.read({ ...micro.captures.get("loss")!, elements: 1 });
  const of = new Map<string, Float32Array>();
  for (const s of run.parameters.segments) of.set(s.name, await run.parameters.read(s.name, "gradients"));
  run.destroy();
  return { loss, of };
}

describe.each(Object.entries(kinds))("%s", (_, change) => {
  test.skipIf(webgpuMissing)("every gradient is the reference's", async () => {
    const tiny = await tinyModel(change);
    const [value, truth] = [await gradients((await webgpuForTests())!, tiny, ["all"]), await gradients((await backends.reference())!, tiny, ["all"])];
    expect(truth.of.size).toBe(Object.keys(tiny.tensors).length);
    expect(relativeError([value.loss], [truth.loss])).toBeLessThan(1e-5);
    for (const [name, d] of truth.of) {
      expect(d.some((x) => x !== 0)).toBe(true);
      expect(relativeError(value.of.get(name)!, d), name).toBeLessThan(5e-5);
    }
  });

  test("the reference's gradients are central differences", async () => {
    const tiny = await tinyModel(change);
    const backend = (await backends.reference())!;
    const truth = await gradients(backend, tiny, ["all"]);
    const run = await runOf(backend, tiny, full(["all"]));
    const micro = await run.plans.micro(batch.B, batch.T);
    writeBatch(run, batch);
    // One memory of the plan is read in float64: rounding the loss to f32 would drown the differences.
    const loss = async (name: string, data: Float32Array): Promise<number> => {
      run.parameters.write(name, data);
      await backend.run(micro);
      return (micro.captures.get("loss")!.memory as unknown as { data: Float64Array }).data[0];
    };
    for (const s of run.parameters.segments) {
      const d = truth.of.get(s.name)!;
      const at = d.reduce((best, x, i) => (Math.abs(x) > Math.abs(d[best]) ? i : best), 0); // the largest, so that the difference is not noise
      const data = await run.parameters.read(s.name);
      const moved = (by: number): Float32Array => data.map((x, i) => (i === at ? x + by : x));
      const [up, down] = [moved(2 ** -10), moved(-(2 ** -10))];
      const difference = ((await loss(s.name, up)) - (await loss(s.name, down))) / (up[at] - down[at]);
      expect(difference / d[at], `${s.name}[${at}]`).toBeCloseTo(1, 3);
      run.parameters.write(s.name, data);
    }
    run.destroy();
  });

  test.skipIf(webgpuMissing)("only the chosen weights move", async () => {
    const tiny = await tinyModel(change);
    const backend = (await webgpuForTests())!;
    for (const modules of [
      ["q_proj"],
      ["layers.1.mlp.down_proj", "norm"],
      ["embed_tokens"],
      ...(change.tie_word_embeddings === false ? [["lm_head", "up_proj"]] : []),
      ["all"],
    ]) {
      const config = full(modules);
      const run = await runOf(backend, tiny, config);
      const names = Object.keys(tiny.tensors).filter(
        (name) =>
          modules[0] === "all" || modules.some((m) => name.replace(/\.(weight|bias)$/, "") === m || name.replace(/\.(weight|bias)$/, "").endsWith(`.${m}`)),
      );
      expect(run.parameters.segments.map((s) => s.name).sort()).toEqual(names.sort());
      const losses: number[] = [];
      await train(run, dataOf(rows.slice(0, 2)), config, new Control(0.002), (e) => e.type === "step" && losses.push(e.loss));
      for (const name of names) expect(await run.parameters.read(name), name).not.toEqual(tiny.tensors[name].data);
      // The same two rows in both steps. A frozen weight has no gradient and no place in the flat buffers: nothing could move it.
      expect(losses[0]).toBeGreaterThan(losses[1]);
      run.destroy();
    }
  });

  test.skipIf(webgpuMissing)("some weights of a packed group: the same gradients as when all are trained", async () => {
    const tiny = await tinyModel(change);
    const backend = (await webgpuForTests())!;
    const all = await gradients(backend, tiny, ["all"]);
    const some = await gradients(backend, tiny, ["k_proj", "gate_proj", "layers.0.self_attn.q_proj"]);
    expect(some.of.size).toBeGreaterThanOrEqual(5);
    for (const [name, d] of some.of) expect(relativeError(d, all.of.get(name)!), name).toBeLessThan(1e-5);
  });
});

test("names of weights that are not there are an error that says which there are", async () => {
  const tiny = await tinyModel();
  expect(() => targetOf(tiny.base, full(["q_porj"]))).toThrow(/target_modules.*"q_porj".*embed_tokens.*q_proj/);
  expect(() => targetOf(tiny.base, full(["q_proj", "nothing"]))).toThrow(/target_modules.*"nothing"/);
  expect(() => targetOf(tiny.base, full([]))).toThrow(/target_modules/);
});
