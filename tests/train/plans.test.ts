// What a step costs: nothing is created in it, ranks make no pipelines, batches of many lengths keep working, and the bytes are those that were announced.

import { describe, expect, test } from "vitest";
import type { Backend } from "../../src/engine/backend.ts";
import { layOut, checkLayout } from "../../src/engine/memory.ts";
import { optimise } from "../../src/engine/passes/index.ts";
import { size } from "../../src/engine/tensor.ts";
import { Control } from "../../src/train/control.ts";
import { PROMPTS, estimate } from "../../src/train/estimate.ts";
import { evaluationGraph, generationGraph, microGraph } from "../../src/train/graphs.ts";
import { Norms } from "../../src/train/norms.ts";
import { targetOf } from "../../src/train/subject.ts";
import { train } from "../../src/train/trainer.ts";
import { type Counting, countingBackend } from "../harness/counting.ts";
import { dataOf, examples, runConfig, runOf, tinyModel } from "../harness/tiny-model.ts";
import { webgpuMissing } from "../harness/webgpu.ts";

const modules = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];
let device: Promise<Counting> | undefined;
const counting = (): Promise<Counting> => (device ??= countingBackend());
const sum = (counts: Iterable<number>): number => [...counts].reduce((a, b) => a + b, 0);

describe.skipIf(webgpuMissing)("on WebGPU", () => {
  test.each([
    ["lora", false],
    ["lora", true],
    ["full", false],
  ])("the estimate is what the run takes: %s, checkpointing %s", async (method, gradient_checkpointing) => {
    const { backend, live } = await counting();
    const slots: number[] = [];
    const watched: Backend = {
      ...backend,
      compile: async (...a) => {
        const plan = await backend.compile(...a);
        plan.slots.forEach((bytes, i) => (slots[i] = Math.max(slots[i] ?? 0, bytes)));
        return plan;
      },
    };
    const others = (): number => sum([...live()].filter(([label]) => !label.startsWith("slot")).map(([, bytes]) => bytes));
    const before = others();
    const tiny = await tinyModel({ hidden_size: 64, intermediate_size: 172, vocab_size: 307 });
    const [B, T] = [4, 32];
    const config = runConfig({
      method,
      target_modules: method === "full" ? ["all"] : modules,
      data: { max_length: T },
      train: { batch_size: B, gradient_checkpointing },
    });
    const run = await runOf(watched, tiny, config);
    const need = estimate(run.target, config).memory;
    await run.plans.micro(B, T);
    await run.plans.update();
    const norms = await Norms.create(run);
    await run.parameters.snapshot();
    await run.plans.evaluation(B, T);
    await run.plans.generation(PROMPTS, T + 32);
    const total = sum(slots) + others() - before;
    expect(need.activations).toBeGreaterThanOrEqual(sum(slots));
    expect(need.total / total).toBeGreaterThan(0.9);
    expect(need.total / total).toBeLessThan(1.1);
    norms.destroy();
    run.destroy();
  });

  test("ten steps create nothing", async () => {
    const { backend, created, fault } = await counting();
    const tiny = await tinyModel();
    const config = runConfig({ lora_dropout: 0.2, train: { steps: 20, gradient_accumulation_steps: 2 } });
    const run = await runOf(backend, tiny, config);
    const control = new Control(0.01);
    const at: Record<string, number>[] = [];
    created();
    // All rows of one length class; every event of a step is followed by a look at what was created since the one before.
    await train(run, dataOf(examples(12, 61)), config, control, (e) => {
      if (e.type === "step") at.push(created());
    });
    expect(at).toHaveLength(20);
    // Warm-up: read-back buffers are made when first needed, so the first reads may.
    for (const made of at.slice(8, -1)) expect(made).toEqual({});
    expect(await fault()).toBeNull();
    run.destroy();
  });

  test("other ranks use the same pipelines", async () => {
    const { backend, fault } = await counting();
    const tiny = await tinyModel();
    const pipelinesWith = async (rank_pattern: Record<string, number>, target_modules = modules): Promise<number> => {
      const config = runConfig({ r: 8, rank_pattern, target_modules, train: { steps: 1 } });
      const run = await runOf(backend, tiny, config);
      await train(run, dataOf(examples(4, 61), examples(2, 61), [[1, 2]]), config, new Control(0.01), () => {});
      run.destroy();
      return backend.pipelines;
    };
    // Layers with and without a branch: the kernels of both are there from the start.
    const first = await pipelinesWith({ k_proj: 4, down_proj: 4 }, ["q_proj", "k_proj", "gate_proj", "layers.0.self_attn.o_proj", "layers.1.mlp.down_proj"]);
    expect(first).toBeGreaterThan(10);
    expect(await pipelinesWith({ q_proj: 1, v_proj: 3, gate_proj: 16, o_proj: 32 }, ["q_proj", "v_proj", "gate_proj", "layers.1.self_attn.o_proj"])).toBe(
      first,
    );
    expect(await pipelinesWith({ "0.mlp.up_proj": 16 }, ["q_proj", "up_proj", "o_proj", "layers.1.mlp.down_proj"])).toBe(first);
    expect(await fault()).toBeNull();
  });

  test("batches of more shapes than plans are kept: training goes on and forgets none of its plans", { timeout: 120_000 }, async () => {
    const { backend, fault } = await counting();
    const tiny = await tinyModel({ max_position_embeddings: 1024, num_hidden_layers: 1 });
    const config = runConfig({ data: { max_length: 640 }, train: { steps: 44, batch_size: 1 }, target_modules: ["q_proj"] });
    const run = await runOf(backend, tiny, config);
    const rows = Array.from({ length: 40 }, (_, i) => ({ ids: Array.from({ length: 16 * (i + 1) - 3 }, (_, k) => (k * 7 + i) % 61) })).map(({ ids }) => ({
      ids,
      labels: ids.map((id, i) => (i > ids.length - 4 ? id : -100)),
    }));
    const before = await run.parameters.snapshot();
    const losses: number[] = [];
    await train(run, dataOf(rows), config, new Control(0.01), (e) => e.type === "step" && losses.push(e.loss));
    expect(losses).toHaveLength(44);
    expect(await fault()).toBeNull();
    const after = await run.parameters.snapshot();
    expect(after.segments[3] - before.segments[3]).toBe(44); // the segment's own step count
    run.destroy();
  });

  test("a run that is over leaves no buffer behind", async () => {
    const { backend, live } = await counting();
    const tiny = await tinyModel();
    const config = runConfig({ train: { steps: 2 } });
    const kept = (): [string, number][] => [...live()].filter(([label]) => !/^slot|^read-back/.test(label));
    for (const method of ["lora", "full"]) {
      const run = await runOf(backend, tiny, { ...config, method });
      await train(run, dataOf(examples(4, 61), examples(2, 61), [[1, 2]]), config, new Control(0.01), () => {});
      expect(kept().length).toBeGreaterThan(5);
      run.destroy();
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(kept()).toEqual([]);
    }
    // Weights that cannot be read to the end.
    let reads = 0;
    const read = (name: string) => (++reads > 5 ? Promise.reject(new Error("the file ends here")) : tiny.checkpoint.read(name));
    await expect(runOf(backend, { ...tiny, checkpoint: { ...tiny.checkpoint, read } }, config)).rejects.toThrow("the file ends here");
    expect(kept()).toEqual([]);
  });

  test("a device that can hold less refuses by name", async () => {
    const { backend } = await countingBackend({ maxBufferSize: 4096 });
    const tiny = await tinyModel();
    await expect(runOf(backend, tiny, runConfig())).rejects.toThrow(/embed_tokens.*7936 bytes.*4096/);
  });
});

test("the memory plans of the real graphs hold every value until it is read", async () => {
  for (const change of [{}, { tie_word_embeddings: false, attention_bias: true, mlp_bias: true }]) {
    const tiny = await tinyModel(change);
    for (const config of [
      runConfig({ lora_dropout: 0.1 }),
      runConfig({ method: "full", target_modules: ["all"] }),
      runConfig({ method: "full", target_modules: ["q_proj", "norm"] }),
    ]) {
      const { subject } = targetOf(tiny.base, config);
      for (const graph of [microGraph(subject, 2, 16), evaluationGraph(subject, 2, 16), generationGraph(subject, 2, 32)]) {
        optimise(graph);
        const layout = layOut(graph);
        checkLayout(graph, layout);
        const made = graph.nodes.flatMap((n) => n.outputs.map((t) => size(t.shape)));
        expect(sum(layout.slots)).toBeLessThan(0.8 * sum(made));
      }
    }
  }
});

test("estimate: larger batches and rows take more, and the largest piece is named", async () => {
  const tiny = await tinyModel({ vocab_size: 307 });
  const of = (train: object, max_length = 16) => {
    const config = runConfig({ data: { max_length }, train });
    return estimate(targetOf(tiny.base, config), config);
  };
  const small = of({ batch_size: 2 });
  expect(of({ batch_size: 4 }).memory.activations).toBeGreaterThan(1.5 * small.memory.activations);
  expect(of({ batch_size: 2 }, 32).memory.activations).toBeGreaterThan(1.5 * small.memory.activations);
  expect(of({ batch_size: 2, gradient_accumulation_steps: 3 }).flopsPerStep).toBe(3 * small.flopsPerStep);
  expect(of({ batch_size: 1 }).largest).toEqual({ bytes: 307 * 32 * 4, what: "model.embed_tokens.weight" });
  expect(of({ batch_size: 64 }).largest.what).toMatch(/slot/);
  expect(small.memory.weights).toBeGreaterThanOrEqual(sum(Object.values(tiny.tensors).map((t) => t.data.length)) * 4);
});
