// The loop under its reins: the order of events, pause, single steps, stop, another learning rate, questions in between, and runs that break.

import { describe, expect, test } from "vitest";
import type { Backend } from "../../src/engine/backend.ts";
import type { RunConfig, TrainEvent } from "../../src/protocol.ts";
import { Control } from "../../src/train/control.ts";
import { generate, greedy } from "../../src/train/generate.ts";
import type { Run } from "../../src/train/run.ts";
import type { TrainData } from "../../src/train/rows.ts";
import { type Checkpoint, train } from "../../src/train/trainer.ts";
import { backends } from "../harness/backends.ts";
import { relativeError } from "../harness/run.ts";
import { type Tiny, checkpointOf, dataOf, examples, runConfig, runOf, tinyModel } from "../harness/tiny-model.ts";
import { webgpuMissing } from "../harness/webgpu.ts";

const tiny = await tinyModel();
const rows = examples(10, 61);
const heldOut = examples(3, 61, { seed: 9 });
const modules = ["q_proj", "o_proj", "down_proj"];
const configOf = (trainFields: Partial<RunConfig["train"]> = {}, change: Partial<RunConfig> = {}): RunConfig =>
  runConfig({ target_modules: modules, ...change, train: { learning_rate: 0.01, ...trainFields } });

type Steps = Extract<TrainEvent, { type: "step" }>[];
interface Trained {
  events: TrainEvent[];
  steps: Steps;
  kept: Checkpoint;
  run: Run;
}

/** Trains; `on` may pull the reins at each event. */
async function go(
  backend: Backend,
  config: RunConfig,
  { data = dataOf(rows), model = tiny, on = () => {} }: { data?: TrainData; model?: Tiny; on?: (e: TrainEvent, control: Control, run: Run) => void } = {},
): Promise<Trained> {
  const run = await runOf(backend, model, config);
  const events: TrainEvent[] = [];
  const emit = (e: TrainEvent): void => {
    events.push(e);
    on(e, control, run);
  };
  const control: Control = new Control(config.train.learning_rate, (state) => emit({ type: "state", state, step: -1 }));
  const kept = await train(run, data, config, control, emit);
  return { events, steps: events.filter((e) => e.type === "step"), kept, run };
}

/** Without the time it took. */
const core = ({ kept: { step, state } }: Trained): object => ({ step, state });
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe.each(["reference", "webgpu"] as const)("%s", (name) => {
  const it = test.skipIf(name === "webgpu" && webgpuMissing);
  const backendNow = async (): Promise<Backend> => (await backends[name]())!;

  it("events come in order, one per step", async () => {
    const config = configOf({ steps: 7, eval_every: 2, samples_every: 3 });
    const { events, steps, kept } = await go(await backendNow(), config, { data: dataOf(rows, heldOut, [[1, 2, 3], [4]]) }); // prettier-ignore
    expect(steps.map((e) => e.step)).toEqual(upTo(7));
    const line = events.filter((e) => e.type !== "sites").map((e) => `${e.type === "sample" ? e.which : e.type === "state" ? e.state : e.type} ${e.type === "progress" ? "" : "step" in e ? e.step : ""}`); // prettier-ignore
    expect(line).toEqual([
      "running 0", "base 0", "base 0", "evaluation 0", "step 1", "step 2", "evaluation 2", "step 3", "tuned 3", "tuned 3", "step 4", "evaluation 4",
      "step 5", "step 6", "evaluation 6", "tuned 6", "tuned 6", "step 7", "evaluation 7", "tuned 7", "tuned 7", "finished 7",
    ]); // prettier-ignore
    for (const e of steps) {
      expect(e.loss).toBeGreaterThan(0);
      expect(e.gradNorm).toBeGreaterThan(0);
      expect(e.tokens).toBeGreaterThan(9);
      expect(e.ms).toBeGreaterThanOrEqual(0);
    }
    steps.slice(1).forEach((e, i) => expect(e.time).toBeGreaterThanOrEqual(steps[i].time));
    const evaluations = events.filter((e) => e.type === "evaluation");
    expect(evaluations.every((e) => e.rows === 3 && e.metric >= 0 && e.metric <= 1)).toBe(true);
    expect(evaluations.at(-1)!.loss).not.toBe(evaluations[0].loss);
    expect(kept.step).toBe(7);
  });

  it("no held-out rows, and a batch larger than the data", async () => {
    const { events, steps } = await go(await backendNow(), configOf({ steps: 3, batch_size: 8, eval_every: 1 }), { data: dataOf(rows.slice(0, 3)) });
    expect(events.some((e) => e.type === "evaluation")).toBe(false);
    expect(steps.map((e) => e.step)).toEqual([1, 2, 3]);
    const lengths = rows.slice(0, 3).map((r) => r.ids.length);
    expect(steps[0].tokens).toBeGreaterThanOrEqual(8 * Math.min(...lengths));
    // 24 rows drawn from 3: every row eight times.
    expect(steps.reduce((n, e) => n + e.tokens, 0)).toBe(8 * lengths.reduce((a, b) => a + b, 0));
  });

  it("pause stops stepping, step does exactly one, resume goes on to the end as if nothing had been", async () => {
    const backend = await backendNow();
    const config = configOf({ steps: 12, eval_every: 4 });
    const data = dataOf(rows, heldOut);
    const log: string[] = [];
    let scene = 0;
    const began = performance.now();
    const paused = await go(backend, config, {
      data,
      on: (e, control) => {
        log.push(e.type === "step" ? `step ${e.step}` : e.type === "state" ? e.state : "");
        if (e.type === "evaluation" && e.step === 4) control.pause();
        if (e.type !== "state" || e.state !== "paused") return;
        const at = log.length;
        const act = [() => control.step(), () => control.step(), () => control.resume()][scene++];
        void pause(60).then(() => {
          expect(log).toHaveLength(at); // nothing happened while it was paused
          log.push("act");
          act();
        });
      },
    });
    const wall = performance.now() - began;
    const steps = log.join(" ").split("act").map((part) => [...part.matchAll(/step (\d+)/g)].map((m) => Number(m[1]))); // prettier-ignore
    expect(steps).toEqual([[1, 2, 3, 4], [5], [6], [7, 8, 9, 10, 11, 12]]);
    expect(paused.steps.at(-1)!.time).toBeLessThan(wall - 170); // three pauses of 60 ms do not count
    const plain = await go(backend, config, { data });
    expect(core(paused)).toEqual(core(plain));
    expect(paused.steps.map((e) => e.loss)).toEqual(plain.steps.map((e) => e.loss));
  });

  it("stop ends at once, with the parameters of the last whole step", async () => {
    const backend = await backendNow();
    const stopped = await go(backend, configOf({ steps: 5000, gradient_accumulation_steps: 3 }), { on: (e, control) => e.type === "step" && control.stop() });
    const end = stopped.events.at(-1)!;
    expect(end).toMatchObject({ type: "state", state: "stopped", step: stopped.kept.step });
    expect(stopped.kept.step).toBeLessThan(5000);
    expect(stopped.steps.map((e) => e.step)).toEqual(upTo(stopped.kept.step));
    expect(await stopped.run.parameters.snapshot()).toEqual(stopped.kept.state);
    expect((await stopped.run.parameters.read(stopped.run.parameters.segments[0].name, "gradients")).every((x) => x === 0)).toBe(true);
    const same = await go(backend, configOf({ steps: stopped.kept.step, gradient_accumulation_steps: 3 }));
    expect(core(stopped)).toEqual(core(same));
  });

  it("stop while paused, and before the first step", async () => {
    const backend = await backendNow();
    const paused = await go(backend, configOf({ steps: 50, eval_every: 1 }), {
      data: dataOf(rows, heldOut),
      on: (e, control) => {
        if (e.type === "evaluation" && e.step === 1) control.pause();
        if (e.type === "state" && e.state === "paused") setTimeout(() => control.stop(), 10);
      },
    });
    expect(paused.events.at(-1)).toMatchObject({ state: "stopped", step: 1 });
    expect(paused.kept.step).toBe(1);
    expect(paused.steps).toHaveLength(1);
    const never = await go(backend, configOf({ steps: 50 }), { data: dataOf(rows, heldOut, [[1]]), on: (_, control) => control.stop() });
    expect(never.events.map((e) => (e.type === "state" ? e.state : e.type))).toEqual(["running", "stopped"]);
    expect(never.kept.step).toBe(0);
  });

  it("another learning rate takes effect and is told", async () => {
    const { steps } = await go(await backendNow(), configOf({ steps: 40, warmup_steps: 4, lr_scheduler_type: "linear", eval_every: 6, eval_rows: 1 }), {
      data: dataOf(rows, heldOut),
      on: (e, control) => e.type === "evaluation" && e.step === 6 && (control.learningRate = 0.002),
    });
    const peak = (step: number): number => steps[step - 1].learningRate / (step <= 4 ? step / 4 : 1 - (step - 1 - 4) / 36);
    for (const step of upTo(40)) expect(peak(step), `step ${step}`).toBeCloseTo(step <= 6 ? 0.01 : 0.002, 6);
  });

  it("a run that breaks goes back to its last finite state, says so and is silent", async () => {
    const backend = await backendNow();
    const config = configOf({ steps: 200, eval_every: 4, max_grad_norm: 0 });
    let after: TrainEvent[] = [];
    const broken = await go(backend, config, {
      data: dataOf(rows, heldOut),
      on: (e, control) => {
        if (e.type === "evaluation" && e.step === 4) control.learningRate = Infinity;
        if (e.type === "state" && e.state === "failed") after = [];
        else after.push(e);
      },
    });
    await pause(20);
    expect(after).toEqual([]);
    const end = broken.events.at(-1)!;
    expect(end).toMatchObject({ type: "state", state: "failed" });
    const { step, detail, hint } = end as { step: number; detail: string; hint: string };
    expect(detail).toMatch(new RegExp(`At step ${step} .*(NaN|Infinity|not finite).* back at step ${broken.kept.step}`));
    expect(hint).toMatch(/learning rate/);
    expect(broken.kept.step % 4).toBe(0);
    expect(broken.kept.step).toBeGreaterThan(0);
    expect(step).toBeGreaterThan(broken.kept.step);
    expect(broken.steps.map((e) => e.step)).toEqual(upTo(broken.steps.length));
    expect(broken.steps.every((e) => Number.isFinite(e.loss) && Number.isFinite(e.gradNorm))).toBe(true);
    expect(await broken.run.parameters.snapshot()).toEqual(broken.kept.state);
    expect(broken.kept.state.parameters.every(Number.isFinite)).toBe(true);
  });

  it("a last update that is not finite fails too, and so does a model that is not", async () => {
    const backend = await backendNow();
    const last = await go(backend, configOf({ steps: 1, max_grad_norm: 0 }), { on: (_, control) => (control.learningRate = Infinity) });
    expect(last.events.at(-1)).toMatchObject({ state: "failed", step: 1 });
    expect(last.kept.step).toBe(0);
    expect(await last.run.parameters.snapshot()).toEqual(last.kept.state);

    const tensors = { ...tiny.tensors };
    const poisoned = tensors["model.norm.weight"].data.slice();
    poisoned[3] = NaN;
    tensors["model.norm.weight"] = { ...tensors["model.norm.weight"], data: poisoned };
    const model = { ...tiny, tensors, checkpoint: await checkpointOf(tensors) };
    const atOnce = await go(backend, configOf({ steps: 9 }), { model, data: dataOf(rows, heldOut) });
    expect(atOnce.events.map((e) => (e.type === "state" ? e.state : e.type))).toEqual(["running", "failed"]);
    expect(atOnce.events.at(-1)).toMatchObject({ step: 0, hint: expect.stringMatching(/weights/) as string });
    const first = await go(backend, configOf({ steps: 9 }), { model });
    expect(first.events.at(-1)).toMatchObject({ state: "failed", step: 1 });
    expect(first.steps).toEqual([]);
  });

  it("a device that fails in the middle ends the run with its error", async () => {
    const backend = await backendNow();
    let runs = 0;
    const failing: Backend = { ...backend, run: async (...a) => (++runs > 9 ? Promise.reject(new Error("the device was lost")) : backend.run(...a)) };
    const unhandled: unknown[] = [];
    const note = (e: unknown): number => unhandled.push(e);
    process.on("unhandledRejection", note);
    await expect(go(failing, configOf({ steps: 50 }))).rejects.toThrow("the device was lost");
    const blind: Backend = {
      ...backend,
      read: async (r) => (runs > 9 && r.memory.label === "history" ? Promise.reject(new Error("it was lost")) : backend.read(r)),
    };
    await expect(go(blind, configOf({ steps: 200 }))).rejects.toThrow("it was lost");
    await pause(10);
    process.off("unhandledRejection", note);
    expect(unhandled).toEqual([]);
  });

  it.each(["lora", "full"])("a question in between is answered and leaves no trace: %s", async (method) => {
    const backend = await backendNow();
    const config = configOf({ steps: 8, eval_every: 2 }, { method });
    const data = dataOf(rows, heldOut);
    const answers: number[][] = [];
    const questions: Promise<void>[] = [];
    const asked = await go(backend, config, {
      data,
      on: (e, control, run) => {
        if (e.type === "state" && e.state === "running") void run.parameters.snapshot().then((s) => (start = s));
        if (e.type !== "evaluation" || (e.step !== 2 && e.step !== 4)) return;
        const ask = (): Promise<number[]> => generate(run, [[5, 6, 7]], greedy(5)).then((ids) => ids[0]); // prettier-ignore
        questions.push(
          control.between(async () => {
            answers.push(await ask());
            answers.push(await run.asBase(method === "full" ? start : null, ask));
          }),
        );
      },
    });
    await Promise.all(questions);
    const plain = await go(backend, config, { data });
    expect(core(asked)).toEqual(core(plain));
    expect(asked.steps.map((e) => e.loss)).toEqual(plain.steps.map((e) => e.loss));
    expect(answers).toHaveLength(4);
    const base = await go(backend, { ...config, train: { ...config.train, steps: 1 } }, { data: dataOf(rows, [], [[5, 6, 7]]) }); // prettier-ignore
    const sample = base.events.find((e) => e.type === "sample" && e.which === "base") as { text: string };
    expect(sample.text.startsWith(answers[1].join(" "))).toBe(true);
    expect(answers[3]).toEqual(answers[1]);
  });
  let start: Awaited<ReturnType<Run["parameters"]["snapshot"]>>;

  it("the map's numbers: every site's gradient norm, and ‖ΔW‖ = ‖s·B·A‖", async () => {
    const { events, steps, run } = await go(await backendNow(), configOf({ steps: 6 }, { rank_pattern: { o_proj: 3 }, alpha_pattern: { down_proj: 5 } }));
    const maps = events.filter((e) => e.type === "sites");
    expect(maps.map((e) => e.step)).toEqual([...new Set(maps.map((e) => e.step))]);
    expect(maps[0].step).toBe(1);
    expect(maps.at(-1)!.step).toBe(6);
    // Clipping comes after: the sites' norms make up the step's.
    expect(Math.hypot(...maps[0].gradNorm)).toBeCloseTo(steps[0].gradNorm, 5);
    for (const e of maps)
      run.target.sites.forEach((site, i) => {
        const adapted = run.target.ranks.has(site.name);
        expect(e.gradNorm[i] > 0, `${site.name} at ${e.step}`).toBe(adapted);
        expect(e.deltaNorm[i] > 0, `${site.name} at ${e.step}`).toBe(adapted);
      });
    const truth: number[] = [];
    for (const [i, { name: site, in: K, out: N }] of run.target.sites.entries()) {
      if (!run.target.ranks.has(site)) {
        truth.push(0);
        continue;
      }
      const { A, B } = await run.lowRank(site);
      const { r } = run.target.ranks.get(site)!;
      let sum = 0;
      for (let o = 0; o < N; o++)
        for (let k = 0; k < K; k++) {
          let dot = 0;
          for (let j = 0; j < r; j++) dot += B[o * r + j] * A[j * K + k];
          sum += (run.target.scales[i] * dot) ** 2;
        }
      truth.push(Math.sqrt(sum));
    }
    expect(relativeError(maps.at(-1)!.deltaNorm, truth)).toBeLessThan(1e-4);
  });

  it("the map's numbers in full fine-tuning: ‖W − W₀‖ of the trained modules", async () => {
    const { events, run } = await go(
      await backendNow(),
      configOf({ steps: 3 }, { method: "full", target_modules: ["q_proj", "layers.1.mlp.up_proj", "norm"] }),
    );
    const { deltaNorm } = events.filter((e) => e.type === "sites").at(-1)!;
    const truth = await Promise.all(
      run.target.sites.map(async ({ name: site }) => {
        if (!run.parameters.segments.some((s) => s.name === `${site}.weight`)) return 0;
        const now = await run.parameters.read(`${site}.weight`);
        return Math.hypot(...now.map((x, i) => x - tiny.tensors[`${site}.weight`].data[i]));
      }),
    );
    expect(truth.filter((x) => x > 0)).toHaveLength(3);
    expect(relativeError(deltaNorm, truth)).toBeLessThan(1e-4);
  });
});
