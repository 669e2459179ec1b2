// trainer.ts — the loop: batches in, steps queued, events out. At most a few steps are in flight; losses and norms are read back a few times per
// second; evaluation, answers and checkpoints happen between steps.

import { type OptimizerName, optimizers } from "../optimizers/index.ts";
import type { RunConfig, TrainEvent } from "../protocol.ts";
import { whileTraining } from "./allocation.ts";
import { type Best, type Checkpoint, better } from "./checkpoint.ts";
import type { Control } from "./control.ts";
import { evaluateLabels, predict, spell } from "./classify.ts";
import { counted, evaluate, writeBatch } from "./evaluate.ts";
import { generate, greedy } from "./generate.ts";
import { History } from "./history.ts";
import { type SchedulerName, rateFactor } from "./learning-rate.ts";
import { Norms } from "./norms.ts";
import type { Snapshot } from "./parameters.ts";
import { Batches, type TrainData, checkRows, digestOf } from "./rows.ts";
import type { Run } from "./run.ts";
import { siteInfos } from "./subject.ts";

export type { Checkpoint };

export interface TrainOptions {
  /** Goes on from here, as if it had never stopped: no answers and no evaluation of the base, unless `base` asks for them. */
  from?: Checkpoint;
  /** The base answers and is evaluated before the first step; absent: where nothing is gone on from. */
  base?: boolean;
  /** What the log says of the step it goes on from: the rest of what is due there was cut off, and comes first. */
  told?: { evaluation: boolean; samples: boolean };
  /** Its start is not what its seed gives: it is kept, before anything else happens. */
  keepStart?: boolean;
  /** Is given every state that is kept, once all events up to it were emitted; training waits. urgent: the run pauses or ends here. */
  keep?: (checkpoint: Checkpoint, urgent: boolean) => Promise<void>;
}

const READ_MS = 120;
/** Of an answer that is shown: at least, and at most as many as the expected ones have. */
const ANSWER_TOKENS = [16, 32] as const;

/**
 * Trains to the end of the configuration, or until stopped. Resolves with the last checkpoint, which is also what the run then holds.
 * A loss, norm or parameter that is not finite ends the run at the last finite checkpoint, with a hint. Throws DataError where `from` saw other rows.
 */
export async function train(
  run: Run,
  data: TrainData,
  config: RunConfig,
  control: Control,
  emit: (e: TrainEvent) => void,
  { from, base: looksAtBase = !from, told = { evaluation: true, samples: true }, keepStart = false, keep = async () => {} }: TrainOptions = {},
): Promise<Checkpoint> {
  const { train: t } = config;
  if (from) checkRows(data, from);
  const digest = from?.loop.data ?? digestOf(data);
  const { backend, plans } = run;
  const optimizer = optimizers[t.optimizer as OptimizerName];
  const update = await plans.update();
  const norms = await Norms.create(run);
  const accumulation = t.gradient_accumulation_steps;
  const history = new History(backend, accumulation + 1 + norms.elements);
  const notes: { step: number; learningRate: number; tokens: number; window: boolean }[] = [];

  /** Steps queued so far. */
  let done = 0;
  let best: Best | null = null;
  /** The step the map's window began after. */
  let window = 0;
  const batches = new Batches(data, t.seed, t.batch_size, config.data.max_length, from?.loop.drawn, t.group_by_length);
  let { drawn } = batches;
  if (from) {
    run.restore(from.state);
    norms.goOn(from.loop.window);
    [done, best, window] = [from.step, from.loop.best, from.loop.window.since];
    control.learningRate = from.loop.learningRate;
  }

  let [busy, lastRead, waited] = [performance.now(), performance.now(), 0];
  let broken: { step: number; what: string } | null = null;
  let pending: Promise<void> = Promise.resolve();
  let reading = false;
  const readHistory = (): void => {
    reading = true;
    const these = notes.splice(0, history.records);
    const records = history.read();
    records.catch(() => {}); // whoever drains is told
    pending = pending.then(() => records).then((rows) => {
      const now = performance.now();
      const ms = (now - lastRead - waited) / Math.max(1, rows.length);
      [lastRead, waited, reading] = [now, 0, false];
      rows.forEach((row, i) => {
        const loss = row.subarray(0, accumulation).reduce((a, b) => a + b, 0);
        const gradNorm = row[accumulation];
        const { step, learningRate, tokens, window } = these[i];
        if (broken) return;
        if (!Number.isFinite(loss) || !Number.isFinite(gradNorm)) {
          broken = { step, what: Number.isFinite(loss) ? `gradient norm is ${gradNorm}` : `loss is ${loss}` };
          return;
        }
        emit({ type: "step", step, loss, learningRate, gradNorm, tokens, ms, time: now - busy - (rows.length - 1 - i) * ms });
        norms.add(row.subarray(accumulation + 1));
        if (window) emit({ type: "sites", step, ...norms.take(row.subarray(accumulation + 1)) });
      });
    }); // prettier-ignore
    pending.catch(() => {});
  };
  const drain = async (): Promise<void> => {
    readHistory();
    await pending;
  };

  const answers = async (step: number, which: "base" | "tuned"): Promise<void> => {
    if (data.metrics) {
      const said = await predict(run, data.prompts.map((p) => p.example), t.batch_size, config.data.max_length, control.stopped); // prettier-ignore
      data.prompts.forEach((p, i) => {
        if (said) emit({ type: "sample", step, prompt: p.text, which, text: spell(said[i], data.classes), expected: p.expected });
      });
      return;
    }
    const longest = Math.max(...data.prompts.map(({ expected }) => data.tokenizer.encode(expected).length));
    const tokens = Math.min(Math.max(longest + 1, ANSWER_TOKENS[0]), ANSWER_TOKENS[1]);
    const ids = await generate(run, data.prompts.map((p) => p.ids), greedy(tokens, data.tokenizer.stopIds), control.stopped); // prettier-ignore
    if (control.stopped()) return;
    data.prompts.forEach((p, i) => emit({ type: "sample", step, prompt: p.text, which, text: data.tokenizer.decode(ids[i]), expected: p.expected }));
  };
  const evaluation = async (step: number): Promise<void> => {
    if (!data.heldOut.length) return;
    const { max_length: T } = config.data;
    const result = data.metrics
      ? await evaluateLabels(run, data.heldOut.slice(0, t.eval_rows), t.batch_size, T, data.metrics, control.stopped)
      : await evaluate(run, data.heldOut.slice(0, t.eval_rows), t.batch_size, T, control.stopped);
    if (result && !Number.isFinite(result.loss)) broken = { step, what: `loss on held-out rows is ${result.loss}` };
    else if (result) {
      emit({ type: "evaluation", step, ...result });
      const { loss, metric, metrics } = result;
      const now: Best = { step, loss, metric, ...(metrics ? { metrics } : {}) };
      if (better(now, best, Boolean(data.metrics))) best = now;
    }
  };
  const due = (every: number, step: number): boolean => step === t.steps || (every > 0 && step % every === 0);

  /** To be called when all steps queued were read. at: when training halted for it. */
  const checkpoint = (state: Snapshot, at: number): Checkpoint => ({
    step: done,
    state,
    loop: {
      drawn,
      learningRate: control.learningRate,
      time: at - busy,
      window: { since: window, ...norms.window() },
      best,
      data: digest,
    },
  });
  let kept: Checkpoint = from ?? checkpoint(await run.parameters.snapshot(), busy);
  let keptAt = performance.now();
  /** The state after the steps queued so far; null: it is not finite, the run is broken. */
  const finiteState = async (): Promise<Snapshot | null> => {
    const state = await run.parameters.snapshot();
    if (state.parameters.every(Number.isFinite)) return state;
    broken = { step: done, what: "update gave values that are not finite" };
    return null;
  };
  /** Evaluates, answers, and keeps the state. To be called when all steps queued were read. false: the run is broken. */
  const look = async (evaluates: boolean, samples: boolean): Promise<boolean> => {
    const began = performance.now();
    const state = await finiteState();
    if (state && evaluates) await evaluation(done);
    if (!state || broken) return false;
    kept = checkpoint(state, began);
    keptAt = performance.now();
    if (samples && data.prompts.length) await answers(done, "tuned");
    await keep(kept, false);
    busy += performance.now() - began;
    waited += performance.now() - began;
    return true;
  };
  const again = whileTraining(run, { data, config, emit, cancelled: control.stopped });
  /** Queues step number `step` (from 0) and does what is due after it; false: the run ends here. */
  const one = async (step: number): Promise<boolean> => {
    if (again?.due(step)) {
      const began = performance.now();
      await drain();
      const wrong = broken ? "" : await again.decide(step);
      if (wrong) broken = { step, what: wrong };
      if (broken || control.stopped()) return false;
      busy += performance.now() - began;
      waited += performance.now() - began;
    }
    const parts = Array.from({ length: accumulation }, () => batches.next());
    const labels = parts.reduce((sum, part) => sum + counted(part), 0);
    for (const [i, part] of parts.entries()) {
      const micro = await plans.micro(part.B, part.T);
      writeBatch(run, part, labels);
      plans.write("counter", Uint32Array.of(t.seed, step, i, 0));
      if (await backend.run(micro, control.stopped)) {
        run.parameters.clearGradients();
        return false;
      }
      history.put(i, { ...micro.captures.get("loss")!, elements: 1 });
    }
    const learningRate = control.learningRate * rateFactor(t.lr_scheduler_type as SchedulerName, step, t.steps, t.warmup_steps);
    plans.write("scalars", Float32Array.of(learningRate, optimizer.beta1, optimizer.beta2, optimizer.eps, t.max_grad_norm, 1, 0, 0));
    await backend.run(update);
    history.put(accumulation, { ...update.captures.get("norm")!, elements: 1 });
    done = step + 1;
    ({ drawn } = batches);

    const now = performance.now();
    const isWindow = step === 0 || done === t.steps || (done - window >= t.steps / 200 && now - lastRead > READ_MS);
    if (isWindow) window = done;
    await norms.queue(history, accumulation + 1, update, isWindow);
    history.next();
    notes.push({ step: done, learningRate, tokens: parts.reduce((sum, b) => sum + b.attentionMask.reduce((x, y) => x + y, 0), 0), window: isWindow });
    if (history.full || (!reading && now - lastRead > READ_MS)) readHistory();

    const [evaluates, samples] = [due(t.eval_every, done), due(t.samples_every, done)];
    if (!evaluates && !samples && now - keptAt < t.checkpoint_seconds * 1000) return true;
    await drain();
    return !broken && look(evaluates, samples);
  };

  /** Step of the last state that was kept for a pause or the end. */
  let safe = from?.step ?? -1;
  /** Keeps the state as the run halts. To be called when all steps queued were read. */
  const keepNow = async (): Promise<void> => {
    const at = performance.now();
    await control.between(async () => {
      const state = !broken && kept.step !== done && (await finiteState());
      if (state) kept = checkpoint(state, at);
      if (broken || safe === done) return;
      await keep(kept, true);
      safe = done;
    });
  };

  if (keepStart) await keep(kept, true);
  emit({ type: "state", state: "running", step: done });
  try {
    if (looksAtBase)
      await control.between(async () => {
        const base = async (): Promise<void> => {
          if (data.prompts.length) await answers(0, "base");
          await evaluation(0);
        };
        // An adapter may have begun as another run's.
        await (run.target.ranks.size ? run.asBase(null, base) : base());
      });
    lastRead = performance.now();
    busy = lastRead - (from?.loop.time ?? 0);
    const owed = [due(t.eval_every, done) && data.heldOut.length > 0 && !told.evaluation, due(t.samples_every, done) && data.prompts.length > 0 && !told.samples] as const; // prettier-ignore
    if (done > 0 && owed.includes(true)) await control.between(() => look(...owed));
    for (let goes = true; goes && done < t.steps && !broken;) {
      if (control.waits) await drain();
      const began = performance.now();
      if (control.waits) await keepNow();
      if (broken) break;
      await control.gate();
      if (control.stopped()) break;
      goes = await control.between(() => {
        const held = performance.now() - began; // a pause or a question
        busy += held;
        waited += held;
        return one(done);
      });
    }
    await drain();
    await keepNow();
    await control.between(async () => {
      if (broken) run.restore(kept.state);
    });
  } finally {
    history.destroy();
    norms.destroy();
  }
  if (again) emit({ type: "ranks", step: kept.step, sites: siteInfos(run.target, run.off) });
  const failure = broken as { step: number; what: string } | null;
  if (failure)
    emit({
      type: "state",
      state: "failed",
      step: failure.step,
      detail: `At step ${failure.step} the ${failure.what}. The run is back at step ${kept.step}, its last finite state.`,
      hint: failure.step
        ? "Try a third of the learning rate, a longer warm-up, or clipping at norm 1."
        : "The model gives no finite loss before any training: are its weights whole?",
    });
  else emit({ type: "state", state: control.stopped() ? "stopped" : "finished", step: done });
  return kept;
}
