import { ndInt } from "../../../src/engine/reference/nd-array.ts";
import { pickToken } from "../../../src/ops/pick-token.ts";
import { type OpCase, noise } from "./op-case.ts";

// Padding behind, none, in front, everywhere, and a gap.
const mask = ndInt([5, 4], [1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 1, 0]);

export const cases: OpCase[] = (["first", "last"] as const).flatMap((which) => [
  {
    name: `pick the ${which} token`,
    inputs: { x: noise([5, 4, 12]), mask },
    build: ({ x, mask }) => [pickToken(x, mask, which)],
    wrt: ["x"],
  },
  {
    name: `pick the ${which} token of one`,
    inputs: { x: noise([3, 1, 4]), mask: ndInt([3, 1], [1, 0, 1]) },
    build: ({ x, mask }) => [pickToken(x, mask, which)],
    wrt: ["x"],
  },
]);
