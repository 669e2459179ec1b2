// generate.ts — answers, token by token, with a KV cache: all prompts at once, each row reading its prompt until it ends and its own samples after.

import { whole } from "../engine/backend.ts";
import { pad4 } from "../engine/tensor.ts";
import { hash } from "../engine/random.ts";
import type { Run } from "./run.ts";

export interface Sampling {
  maxNewTokens: number;
  /** 0: greedy, the arg max. */
  temperature: number;
  /** Only the most likely tokens that together have this probability. 1: all. */
  topP: number;
  seed: number;
  stopIds: readonly number[];
}

export const greedy = (maxNewTokens: number, stopIds: readonly number[] = []): Sampling => ({ maxNewTokens, temperature: 0, topP: 1, seed: 0, stopIds });

/** Prompts (each at least one token) → the new ids only, without the stop token. Prompts too long for the model lose their beginning. */
export async function generate(run: Run, prompts: readonly (readonly number[])[], s: Sampling, cancelled: () => boolean = () => false): Promise<number[][]> {
  const { vocabSize, maxPositions } = run.target.subject.config;
  const fits = Math.max(1, maxPositions - s.maxNewTokens);
  const rows = prompts.map((p) => p.slice(-fits));
  const lengths = rows.map((r) => r.length);
  const Tmax = Math.min(maxPositions, Math.ceil((Math.max(...lengths) + s.maxNewTokens) / 32) * 32);
  const plan = await run.plans.generation(rows.length, Tmax);
  const read = whole(plan.captures.get("logits")!.memory);
  const done = rows.map(() => false);

  for (let position = 0; position < Tmax && !done.every(Boolean) && !cancelled(); position++) {
    run.plans.write(
      "inputIds",
      Int32Array.from(rows, (r) => r[Math.min(position, r.length - 1)]),
    );
    run.plans.write("position", Uint32Array.of(position));
    if (await run.backend.run(plan, cancelled)) break;
    if (rows.every((r, i) => done[i] || position < r.length - 1)) continue;
    const logits = await run.backend.read({ ...read, elements: rows.length * pad4(vocabSize) });
    rows.forEach((r, i) => {
      if (done[i] || position < r.length - 1) return;
      const row = logits.subarray(i * pad4(vocabSize), i * pad4(vocabSize) + vocabSize);
      const id = s.temperature > 0 ? sample(row, s, hash(s.seed, i, position) / 2 ** 32) : argMax(row);
      if (s.stopIds.includes(id) || r.length - lengths[i] >= s.maxNewTokens) done[i] = true;
      else if (r.push(id) - lengths[i] >= s.maxNewTokens) done[i] = true;
    });
  }
  return rows.map((r, i) => r.slice(lengths[i]));
}

function argMax(row: Float32Array): number {
  let best = 0;
  for (let i = 1; i < row.length; i++) if (row[i] > row[best]) best = i;
  return best;
}

/** u uniform in [0, 1). Nucleus sampling, Holtzman et al. 2019, https://arxiv.org/abs/1904.09751 */
function sample(row: Float32Array, { temperature, topP }: Sampling, u: number): number {
  const most = row[argMax(row)];
  const likely = Array.from(row, (l, id) => ({ id, p: Math.exp((l - most) / temperature) })).sort((a, b) => b.p - a.p || a.id - b.id);
  const total = likely.reduce((sum, c) => sum + c.p, 0);
  let kept = 0;
  let mass = 0;
  while (kept < likely.length && mass < topP * total) mass += likely[kept++].p;
  let rest = u * mass;
  for (const c of likely.slice(0, kept)) if ((rest -= c.p) < 0) return c.id;
  return likely[0].id;
}
