// The bundled pairs as text: the same rows in the same order, the label as the answer.
import { expect, test } from "vitest";
import { encodeRows } from "../../src/data/batch.ts";
import { datasets } from "../../src/data/index.ts";
import { paraphrase } from "../../src/data/paraphrase.ts";
import { talesTokenizer } from "./tales-model.ts";

test("paraphrase-text asks what paraphrase labels", () => {
  const [pairs, texts] = [paraphrase(0), datasets["paraphrase-text"].load(0)];
  expect(texts.train.length).toBe(pairs.train.length);
  for (const part of ["train", "heldOut"] as const)
    pairs[part].forEach(({ text, text2, label }, i) => {
      expect(texts[part][i]).toEqual({ prompt: `${text}\n${text2}\nQ: Same or different?\nA:`, completion: ` ${label}` });
    });
});

test("answers are one token and an end, whatever the pair", async () => {
  const rows = datasets["paraphrase-text"].load(0).heldOut as Parameters<typeof encodeRows>[0];
  const { examples, dropped, truncated } = await encodeRows(rows, talesTokenizer(), 96);
  expect([dropped.length, truncated]).toEqual([0, 0]);
  for (const { labels } of examples) expect(labels.filter((label) => label !== -100)).toHaveLength(2);
});
