// Graph → graph rewrites, in the order they run between grad and lower.

import type { Graph } from "../graph.ts";
import { dropDead } from "./dead.ts";
import { foldAdd } from "./fold-add.ts";

export function optimise(graph: Graph): void {
  dropDead(graph);
  foldAdd(graph);
}
