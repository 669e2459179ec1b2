// compare-size.ts — how many numbers an arm trains, known before it runs: what is on, heads not counted. Arms are compared at an equal number, within 1 %.

import type { SiteSize } from "../allocators/allocator.ts";
import { type AllocatorName, allocators } from "../allocators/index.ts";
import { size } from "../engine/tensor.ts";
import type { RunConfig } from "../protocol.ts";
import type { ArmSize } from "../protocol/comparison.ts";
import { resolveAllocation } from "./allocation.ts";
import { isHead, weightsOf } from "./graphs.ts";
import type { Ranking } from "./rankings.ts";
import { type Target, parameterCounts } from "./subject.ts";

/** Trained numbers without a classifier's head, which is the same in every arm. */
export function trainedBeside(target: Target, off?: ReadonlySet<string>): number {
  const { model, config, classes, adaptation } = target.subject;
  const head = weightsOf(model, config, classes).filter((w) => isHead(target.subject, w.name) && adaptation.trains(w.name));
  return parameterCounts(target, off).trainable - head.reduce((sum, w) => sum + size(w.shape), 0);
}

/** Where modules are of unlike size, how many numbers are on hangs on which modules are chosen. Throws ConfigError as resolveAllocation does. */
export function armSize(target: Target, config: RunConfig): ArmSize {
  const a = resolveAllocation(target, config);
  if (!a) return exactly(trainedBeside(target));
  const cost = (i: number, r: number): number => r * (a.sites[i].in + a.sites[i].out);
  const { allocator, rank_step } = a.config;
  if (allocator === "manual") return exactly(a.ranks.reduce((sum, r, i) => sum + cost(i, a.sites[i].excluded ? 0 : r), 0));
  const { onOff } = allocators[allocator as AllocatorName];
  const parts = a.rankings.map((ranking) => spendable(ranking, a.sites, onOff ? null : { most: a.max, step: rank_step }));
  return { least: parts.reduce((sum, p) => sum + p.least, 0), most: parts.reduce((sum, p) => sum + p.most, 0) };
}

const exactly = (n: number): ArmSize => ({ least: n, most: n });
const sum = (ns: readonly number[]): number => ns.reduce((a, b) => a + b, 0);

/** free: where ranks are free, up to `most` in steps; null: on or off. */
function spendable({ places, budget }: Ranking, sites: readonly SiteSize[], free: { most: number; step: number } | null): ArmSize {
  const there = places.map((i) => sites[i]).filter((s) => !s.excluded);
  const whole = (s: SiteSize): number => s.r * (s.in + s.out);
  const largest = (s: SiteSize): number => (free && !s.locked ? Math.min(s.in, s.out, free.most) * (s.in + s.out) : whole(s));
  if ("parameters" in budget) {
    const most = Math.min(budget.parameters, sum(there.map(largest)));
    // What is left over pays for no further module, or no further step.
    const over = most < budget.parameters ? 0 : Math.max(0, ...there.map((s) => (free ? free.step * (s.in + s.out) : whole(s)))) - 1;
    return { least: Math.max(0, most - Math.max(0, over)), most };
  }
  const locked = there.filter((s) => s.locked);
  const others = there.filter((s) => !s.locked).map(whole).sort((x, y) => x - y); // prettier-ignore
  const count = Math.max(0, budget.modules - locked.length);
  const own = sum(locked.map(whole));
  if (free) return { least: own + count * (others[0] ?? 0), most: own + count * (others.at(-1) ?? 0) };
  const on = Math.min(count, others.length);
  return { least: own + sum(others.slice(0, on)), most: own + sum(others.slice(others.length - on)) };
}

/** Two numbers of parameters are equal: within 1 % of the second. */
export const equalSize = (n: number, to: number): boolean => Math.abs(n - to) <= 0.01 * to;

/** The arm may come out equal to the other: some number of each is within 1 %. */
export const mayEqual = (a: ArmSize, to: ArmSize): boolean => a.most >= 0.99 * to.least && a.least <= 1.01 * to.most;
