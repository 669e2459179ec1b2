// The proxies. One file and one line here add one. `proxies` rank sites; `figures` are one number for a whole network.

import { alphaTestProxy } from "./alpha-test.ts";
import { constant } from "./constant.ts";
import { fisher } from "./fisher.ts";
import { gradNorm } from "./grad-norm.ts";
import { grasp } from "./grasp.ts";
import { jacobCov } from "./jacob-cov.ts";
import { magnitude } from "./magnitude.ts";
import type { Figure, RankProxy } from "./proxy.ts";
import { snip } from "./snip.ts";
import { synflow, synflowLoss } from "./synflow.ts";

export const proxies = {
  "grad-norm": gradNorm,
  snip,
  fisher,
  synflow,
  "synflow-ce": synflowLoss,
  grasp,
  "alpha-test": alphaTestProxy,
  magnitude,
  constant,
} as const satisfies Record<string, RankProxy>;

export const figures = { "jacob-cov": jacobCov } as const satisfies Record<string, Figure>;

export type ProxyName = keyof typeof proxies;
