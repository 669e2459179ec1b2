// magnitude.ts — S = ‖W‖_F of the site's frozen weight: needs neither data nor passes.

import type { RankProxy } from "./proxy.ts";

export const magnitude: RankProxy = {
  name: "magnitude",
  title: "Weight magnitude",
  help: "‖W‖ of the frozen weight beside the branch. Needs no data.",
  atZero: "holds",
  probe: "none",
  passes: () => 0,
  score: (probe) => probe.weightNorms(),
};
