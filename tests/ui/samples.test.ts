// Answers: which are right, and the prompt that the data suggests.
import { expect, test } from "vitest";
import { isRight, promptOf } from "../../src/ui/samples.ts";
import { preview } from "./fixture.ts";

test.each([
  [" red", "red", true],
  ["reddish", "red", false],
  ["same (62 %)", "same", true],
  ["different (62 %)", "same", false],
  ["a half (50 %)", "a half (50 %)", true],
  ["red", undefined, false],
])("%j for %j: %s", (answer, expected, right) => {
  expect(isRight(answer, expected)).toBe(right);
});

test("the prompt is what is read and not trained on; labelled rows suggest none", () => {
  expect(promptOf(preview)).toMatch(/^Mia has a green hat.*Answer:$/s);
  expect(promptOf({ ...preview, rows: [[{ text: "a", id: 1, trained: false }]], labels: ["same"] })).toBeUndefined();
});
