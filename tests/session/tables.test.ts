// The tables of an export, from a log alone.

import { expect, test } from "vitest";
import type { SiteInfo, TrainEvent } from "../../src/protocol.ts";
import { allocationCsv } from "../../src/session/export.ts";

const site = (name: string, layer: number, r: number): SiteInfo => ({
  name,
  layer,
  module: name.split(".").at(-1)!,
  in: 4,
  out: 4,
  r,
  alpha: r,
  parameters: 8 * r,
});

test("one row per adapted site and allocation; what lies outside of layers has no layer", () => {
  const sites = [site("layers.0.q_proj", 0, 2), site("layers.0.v_proj", 0, 0), site("pooler.dense", -1, 2)];
  const allocation = { type: "allocation", proxy: "snip", budget: 1, spent: 1, unit: "modules", milliseconds: 1 } as const;
  const events = [
    { type: "plan", sites } as TrainEvent,
    { ...allocation, step: 0, scores: [3, 0, 1.5], ranks: [2, 0, 0] },
    { ...allocation, step: 8, scores: [1, 0, 2], ranks: [0, 0, 2] },
  ];
  expect(allocationCsv(events).trimEnd().split("\r\n")).toEqual([
    "step,layer,module,name,proxy,score,r",
    "0,0,q_proj,layers.0.q_proj,snip,3,2",
    "0,,dense,pooler.dense,snip,1.5,0",
    "8,0,q_proj,layers.0.q_proj,snip,1,0",
    "8,,dense,pooler.dense,snip,2,2",
  ]);
});
