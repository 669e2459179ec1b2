import { ndInt } from "../../../src/engine/reference/nd-array.ts";
import { add } from "../../../src/ops/add.ts";
import { embedding } from "../../../src/ops/embedding.ts";
import { type OpCase, ints, noise } from "./op-case.ts";

export const cases: OpCase[] = [
  {
    name: "embedding of one token",
    inputs: { ids: ndInt([1, 1], [2]), table: noise([3, 4]) },
    build: ({ ids, table }) => [embedding(ids, table)],
    wrt: ["table"],
  },
  {
    name: "embedding, ids that repeat",
    inputs: { ids: ndInt([2, 5], [3, 0, 3, 6, 0, 3, 3, 1, 6, 5]), table: noise([7, 8]) },
    build: ({ ids, table }) => [embedding(ids, table)],
    wrt: ["table"],
  },
  {
    name: "embedding, 257 tokens, one id only",
    inputs: {
      ids: ndInt(
        [257],
        Array.from({ length: 257 }, () => 1),
      ),
      table: noise([4, 4]),
    },
    build: ({ ids, table }) => [embedding(ids, table)],
    wrt: ["table"],
  },
  {
    name: "embedding, a table used twice",
    inputs: { ids: ints([3, 43], 100), more: ints([3, 43], 100, 5), table: noise([100, 12]) },
    build: ({ ids, more, table }) => [add(embedding(ids, table), embedding(more, table))],
    wrt: ["table"],
  },
];
