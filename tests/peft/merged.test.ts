// merged.test.ts — transformers opens the merged model of every kind of base and gives PEFT's logits and ours. Needs PYTHON.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readAdapter } from "../../src/formats/peft.ts";
import { bytesSource, openSafetensors, writeSafetensors } from "../../src/formats/safetensors.ts";
import { classesOf } from "../../src/models/config.ts";
import { parseModel } from "../../src/models/index.ts";
import { mergedFiles } from "../../src/session/export.ts";
import type { Opened } from "../../src/session/export-weights.ts";
import { readLogits } from "../../src/train/evaluate.ts";
import type { Base } from "../../src/train/graphs.ts";
import { Run } from "../../src/train/run.ts";
import { targetOfAdapter } from "../../src/train/subject.ts";
import { backends } from "../harness/backends.ts";
import { caseFiles } from "../harness/golden.ts";
import { runConfig } from "../harness/tiny-model.ts";
import { GOLDEN, folder } from "../formats/folder.ts";

const python = process.env.PYTHON;
const temporary = mkdtempSync(join(tmpdir(), "rankscope-merged-"));
afterAll(() => rmSync(temporary, { recursive: true }));

describe.skipIf(!python)("merged models (need PYTHON with torch, transformers, peft)", () => {
  it.each(["llama-lora", "llama-lora-rank-pattern", "opt-lora", "opt-postnorm-lora", "bert-cls", "roberta-cls", "opt-cls", "llama-cls"])(
    "%s",
    { timeout: 300_000 },
    async (name) => {
      const files = caseFiles(name);
      const json = (file: string): Record<string, unknown> => JSON.parse(new TextDecoder().decode(files.get(file)!));
      const config = json("config.json");
      const classes = String(config.architectures).endsWith("ForSequenceClassification") ? classesOf(config) : undefined;
      const base: Base = { ...parseModel(config), classes };
      const checkpoint = await openSafetensors(new Map([["model.safetensors", bytesSource(files.get("model.safetensors")!)]]));
      const peft = await readAdapter(await folder(`${GOLDEN}${name}/adapter`));
      const batch = json("batch.json") as Record<string, number[][] | undefined>;
      const shape = [batch.input_ids!.length, batch.input_ids![0].length];
      const target = targetOfAdapter(base, peft);
      const run = await Run.create({ backend: (await backends.reference())!, target, checkpoint, maxTokens: shape[0] * shape[1], weightDecay: 0, seed: 0 });
      run.load(peft);
      const inputs = Object.fromEntries(
        ["input_ids", "attention_mask", "token_type_ids"].map((key) => [key, Int32Array.from((batch[key] ?? batch.input_ids!.map((row) => row.map(() => 0))).flat())]), // prettier-ignore
      );
      run.plans.write("inputIds", inputs.input_ids);
      run.plans.write("mask", inputs.attention_mask);
      run.plans.write("typeIds", inputs.token_type_ids);
      const logits = await readLogits(run, shape[0], shape[1]);
      const model = {
        files: { name, revision: null, config, readText: async () => null },
        tokenizer: { padId: null },
        data: classes ? { classes: Array.from({ length: classes }, (_, i) => `class ${i}`), train: [], heldOut: [] } : undefined,
      } as unknown as Opened;
      const seen: number[] = [];
      const made = await mergedFiles(run, model, runConfig(), [], { progress: (done, total) => seen.push(done / total) });
      expect(seen.at(-1)).toBe(1);
      expect(await mergedFiles(run, model, runConfig(), [], { cancelled: () => true })).toBeNull();
      run.destroy();

      const merged = join(temporary, name);
      mkdirSync(merged);
      for (const [path, content] of Object.entries(made!)) writeFileSync(join(merged, path), content);
      const values = join(temporary, `${name}.safetensors`);
      const tensors = Object.entries(inputs).map(([key, data]) => ({ name: key, shape, data }));
      writeFileSync(values, writeSafetensors([...tensors, { name: "logits", shape: classes ? [shape[0], classes] : [...shape, base.config.vocabSize], data: logits }])); // prettier-ignore
      const args = [new URL("compare_merged.py", import.meta.url).pathname, GOLDEN + name, `${GOLDEN}${name}/adapter`, merged, values];
      const result = JSON.parse(execFileSync(python!, args, { encoding: "utf8" }).trim().split("\n").at(-1)!);
      console.log(name, JSON.stringify(result));
      expect(result.peft).toBeLessThan(2e-5);
      expect(result.ours).toBeLessThan(2e-5);
      expect(result.effect).toBeGreaterThan(1e-2);
      expect(result).toMatchObject({ missing: [], unexpected: [], dtype: "torch.float32", labels: classes ?? null });
      if (!classes) expect(result.tied).toBe(config.tie_word_embeddings ?? true);
    },
  );
});
