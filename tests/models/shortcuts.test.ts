// HeteroLoRA's shortcuts in every architecture, in both forms: logits, loss and gradients of PyTorch (shortcuts.py); the base where they add nothing;
// layers computed again; answers written with the cache.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ShortcutForm } from "../../src/adapters/shortcut.ts";
import type { Backend } from "../../src/engine/backend.ts";
import { openSafetensors } from "../../src/formats/safetensors.ts";
import { bytesSource } from "../../src/formats/source.ts";
import { classesOf } from "../../src/models/config.ts";
import { models, parseModel } from "../../src/models/index.ts";
import { readLogits } from "../../src/train/evaluate.ts";
import { generate, greedy } from "../../src/train/generate.ts";
import { type Base, sitesOf } from "../../src/train/graphs.ts";
import { Run } from "../../src/train/run.ts";
import { targetOfBase, targetOfRanks } from "../../src/train/subject.ts";
import { backends } from "../harness/backends.ts";
import { caseFiles } from "../harness/golden.ts";
import { relativeError } from "../harness/run.ts";
import { fillAdapter } from "../harness/tiny-model.ts";
import { webgpuMissing } from "../harness/webgpu.ts";

interface Truth {
  r: number;
  alpha: number;
  scale: number;
  cases: { case: string; form: ShortcutForm; loss: number; logits: number[][]; grads: Record<string, number[]> }[];
}
const truth = JSON.parse(readFileSync(join(import.meta.dirname, "shortcuts.json"), "utf8")) as Truth;

interface Batch {
  input_ids: number[][];
  attention_mask: number[][];
  token_type_ids?: number[][];
  labels: (number | number[])[];
}

/** The base of a golden case, its batch written; shortcuts alone are adapted, none where form is null. */
async function opened(backend: Backend, name: string, form: ShortcutForm | null, recompute = false) {
  const files = caseFiles(name);
  const json = <T>(file: string): T => JSON.parse(new TextDecoder().decode(files.get(file)!)) as T;
  const config = json<Record<string, unknown>>("config.json");
  const classes = String(config.architectures).endsWith("ForSequenceClassification") ? classesOf(config) : undefined;
  const base: Base = { ...parseModel(config), classes };
  const cuts = sitesOf(base.model, base.config, classes, form).filter((s) => s.kind !== "linear");
  const ranks = new Map(cuts.map((s) => [s.name, { r: truth.r, alpha: truth.alpha }]));
  const { subject, ...rest } = form ? targetOfRanks(base, ranks, form) : targetOfBase(base);
  const batch = json<Batch>("batch.json");
  const [B, T] = [batch.input_ids.length, batch.input_ids[0].length];
  const checkpoint = await openSafetensors(new Map([["model.safetensors", bytesSource(files.get("model.safetensors")!)]]));
  const run = await Run.create({ backend, target: { ...rest, subject: { ...subject, recompute } }, checkpoint, maxTokens: B * T, weightDecay: 0, seed: 0 });
  const labels = batch.labels.flatMap((row) => (Array.isArray(row) ? [...row.slice(1), -100] : row));
  run.plans.write("inputIds", Int32Array.from(batch.input_ids.flat()));
  run.plans.write("mask", Int32Array.from(batch.attention_mask.flat()));
  run.plans.write("typeIds", Int32Array.from((batch.token_type_ids ?? batch.input_ids.map((row) => row.map(() => 0))).flat()));
  run.plans.write("labels", Int32Array.from(labels));
  run.plans.write("denominator", Float32Array.of(classes ? B : labels.filter((l) => l >= 0).length));
  return { run, B, T, batch, classes, V: base.config.vocabSize };
}

test("every architecture is compared in both forms, OPT with its norms before and behind", () => {
  const seen = truth.cases.map((c) => `${c.case.replace(/-(lora|cls)$/, "")} ${c.form}`);
  for (const name of [...Object.keys(models), "opt-postnorm"]) for (const form of ["plain", "norm"]) expect(seen).toContain(`${name} ${form}`);
});

describe.each(["reference", "webgpu", "wasm"] as const)("%s", (place) => {
  const it = test.skipIf(place === "webgpu" && webgpuMissing);

  it.each(truth.cases)("$case, $form: PyTorch's logits, loss and gradients", async ({ case: name, form, loss, logits, grads }) => {
    const backend = (await backends[place]())!;
    const { run, B, T, batch, classes, V } = await opened(backend, name, form);
    await fillAdapterOf(run);
    const all = await readLogits(run, B, T);
    logits.forEach((row, b) => {
      const at = classes ? b * classes : (b * T + batch.attention_mask[b].lastIndexOf(1)) * V;
      expect(relativeError(all.subarray(at, at + row.length), row), `row ${b}`).toBeLessThan(2e-5);
    });
    const micro = await run.plans.micro(B, T);
    await backend.run(micro);
    const [value] = await backend.read({ ...micro.captures.get("loss")!, elements: 1 });
    expect(Math.abs(value / loss - 1)).toBeLessThan(1e-5);
    const ours = run.parameters.segments.filter((s) => /\.proj_[AB]$/.test(s.name)).map((s) => s.name);
    expect(ours.toSorted()).toEqual(Object.keys(grads).toSorted());
    for (const [key, [norm, ...elements]] of Object.entries(grads)) {
      const { shape } = run.parameters.segment(key);
      const g = (await run.parameters.read(key, "gradients")).subarray(0, truth.r * shape[1]);
      const digest = [Math.hypot(...g), g[0], g[7], g[50], g[g.length - 1]];
      expect(relativeError(digest, [norm, ...elements]), key).toBeLessThan(5e-5);
    }
    run.destroy();
  });

  it.each(["llama-lora", "opt-postnorm-lora", "bert-cls"])(
    "%s: plain shortcuts are the base, bit for bit, while B is 0 and while they are off",
    async (name) => {
      const backend = (await backends[place]())!;
      const base = await opened(backend, name, null);
      const expected = await readLogits(base.run, base.B, base.T);
      base.run.destroy();
      const { run, B, T } = await opened(backend, name, "plain");
      expect(await readLogits(run, B, T)).toEqual(expected);
      await fillAdapterOf(run);
      expect(relativeError(await readLogits(run, B, T), expected)).toBeGreaterThan(1e-3);
      run.allocate(new Set(run.target.ranks.keys()));
      expect(await readLogits(run, B, T)).toEqual(expected);
      run.destroy();
    },
  );
});

/** Shortcuts only: a classifier's head keeps its own values. */
async function fillAdapterOf(run: Run): Promise<void> {
  const heads = await run.saved();
  await fillAdapter(run, 5, truth.scale);
  for (const { name, data } of heads) run.parameters.write(name, data);
}

describe.skipIf(webgpuMissing)("webgpu", () => {
  test.each(["llama-lora", "opt-postnorm-lora", "bert-cls"])("%s: layers computed again give the same gradients, bit for bit", async (name) => {
    const backend = (await backends.webgpu())!;
    const gradients: Float32Array[] = [];
    for (const recompute of [false, true]) {
      const { run, B, T } = await opened(backend, name, "plain", recompute);
      await fillAdapterOf(run);
      await backend.run(await run.plans.micro(B, T));
      gradients.push(await run.parameters.readFlat("gradients"));
      run.destroy();
    }
    expect(gradients[1]).toEqual(gradients[0]);
    expect(gradients[0].some((g) => g !== 0)).toBe(true);
  });

  test.each([["llama-lora", "plain"], ["opt-postnorm-lora", "norm"]] as const)("%s, %s: with the cache it writes what it writes without", async (name, form) => {
    const backend = (await backends.webgpu())!;
    const { run, batch, V } = await opened(backend, name, form);
    await fillAdapterOf(run);
    const prompt = batch.input_ids[0].slice(0, 8);
    const [answer] = await generate(run, [prompt], greedy(6));
    const again = [...prompt];
    for (let i = 0; i < 6; i++) {
      const ids = [...again, ...Array.from({ length: 16 - again.length }, () => 0)];
      run.plans.write("inputIds", Int32Array.from(ids));
      run.plans.write("mask", Int32Array.from(ids, (_, t) => (t < again.length ? 1 : 0)));
      const row = (await readLogits(run, 1, 16)).subarray((again.length - 1) * V, again.length * V);
      again.push(row.indexOf(Math.max(...row)));
    }
    expect(answer).toEqual(again.slice(8));
    run.destroy();
  });
}); // prettier-ignore
