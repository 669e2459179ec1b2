import { ndInt, ndUint } from "../../../src/engine/reference/nd-array.ts";
import { embedding } from "../../../src/ops/embedding.ts";
import { maskPositions, sharedPositions } from "../../../src/ops/positions.ts";
import { type OpCase, ints, noise } from "./op-case.ts";

export const cases: OpCase[] = [
  {
    name: "positions, padding left, right, between, none, and nothing but",
    inputs: { mask: ndInt([5, 4], [0, 0, 1, 1, 1, 1, 0, 0, 1, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0]) },
    build: ({ mask }) => [maskPositions(mask, 2), maskPositions(mask, 0)],
    wrt: [],
  },
  { name: "positions of many rows", inputs: { mask: ints([33, 17], 2) }, build: ({ mask }) => [maskPositions(mask, 1)], wrt: [] },
  { name: "one position for all rows", inputs: { position: ndUint([1], [37]) }, build: ({ position }) => [sharedPositions(position, 19, 2)], wrt: [] },
  {
    name: "learned positions",
    inputs: { mask: ndInt([3, 4], [1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 0, 0]), table: noise([6, 8]) },
    build: ({ mask, table }) => [embedding(maskPositions(mask, 2), table)],
    wrt: ["table"],
  },
];
