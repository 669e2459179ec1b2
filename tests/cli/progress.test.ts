// progress.test.ts — a run that has gone on counts its pace from where it goes on.
import { expect, test } from "vitest";
import { Progress } from "../../src/cli/progress.ts";

test("tokens per second after --resume", () => {
  let out = "";
  const progress = new Progress(100, { write: (text: string) => (out += text) });
  const step = { type: "step", loss: 1, learningRate: 1, gradNorm: 1, tokens: 50, ms: 500 } as const;
  progress.show({ ...step, step: 99, time: 3_600_500 });
  progress.show({ ...step, step: 100, time: 3_601_500 });
  expect(out.match(/\d+ tokens\/s/g)).toEqual(["100 tokens/s", "67 tokens/s"]);
});
