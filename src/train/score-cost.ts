// score-cost.ts — what scoring costs, known from its graphs before a device exists.

import { layOut } from "../engine/memory.ts";
import { optimise } from "../engine/passes/index.ts";
import { size } from "../engine/tensor.ts";
import type { Figure, RankProxy } from "../proxies/proxy.ts";
import type { ScoringCost } from "../protocol.ts";
import { probeGraphs } from "./probe-graphs.ts";
import type { Target } from "./subject.ts";

/** flops: of a training pass. batches: calibration batches of B rows, T tokens. */
export function scoringCost(proxy: RankProxy | Figure, target: Target, batches: number, B: number, T: number, flops: number): Omit<ScoringCost, "seconds"> {
  const passes = proxy.passes(batches, target.ranks.size);
  const graph = probeGraphs[proxy.probe](target.subject, B, T);
  if (!graph) return { passes, flops: 0, bytes: 0 };
  optimise(graph);
  const slots = layOut(graph).slots.reduce((a, b) => a + b, 0);
  const captures = [...graph.captures.values()].reduce((sum, t) => sum + size(t.shape), 0);
  return { passes, flops: passes * flops, bytes: 4 * (slots + captures) };
}
