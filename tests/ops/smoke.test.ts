import { expect, test } from "vitest";
import { nd } from "../../src/engine/reference/nd-array.ts";
import { add, addInto } from "../../src/ops/add.ts";
import { backends } from "../harness/backends.ts";
import { run } from "../harness/run.ts";

test.each(Object.keys(backends) as (keyof typeof backends)[])("add on %s", async (name) => {
  const b = await backends[name]();
  if (!b) return;
  const v = await run(b, { a: nd([5], [1, 2, 3, 4, 5]), b: nd([5], [10, 20, 30, 40, 50]) }, ({ a, b }) => ({ y: add(add(a, b), b), z: addInto(a, b) }));
  expect([...v.y]).toEqual([21, 42, 63, 84, 105]);
  expect([...v["leaf a"]]).toEqual([11, 22, 33, 44, 55]);
});
