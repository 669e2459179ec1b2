// shortcuts.test.ts — the loader that lies in a run's folder puts adapter and shortcuts on real models: our logits, in both forms. Needs PYTHON.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { isShortcut } from "../../src/adapters/shortcut.ts";
import { bytesSource, openSafetensors, writeSafetensors } from "../../src/formats/safetensors.ts";
import { classesOf } from "../../src/models/config.ts";
import { parseModel } from "../../src/models/index.ts";
import type { LoadedModel } from "../../src/session/load.ts";
import { runFiles } from "../../src/session/export.ts";
import { readLogits } from "../../src/train/evaluate.ts";
import { type Base, sitesOf } from "../../src/train/graphs.ts";
import { Run } from "../../src/train/run.ts";
import { targetOfRanks } from "../../src/train/subject.ts";
import { backends } from "../harness/backends.ts";
import { caseFiles } from "../harness/golden.ts";
import { fillAdapter, runConfig } from "../harness/tiny-model.ts";
import { GOLDEN } from "../formats/folder.ts";

const python = process.env.PYTHON;
const temporary = mkdtempSync(join(tmpdir(), "rankscope-shortcuts-"));
afterAll(() => rmSync(temporary, { recursive: true }));

type Form = "plain" | "norm";
const cases = ["llama-lora", "opt-lora", "opt-postnorm-lora", "bert-cls", "roberta-cls", "llama-cls"];

/** A run whose adapted modules are those of `on`, exported; and its logits of the case's batch. */
async function exported(name: string, form: Form, on: (site: string) => boolean): Promise<{ run: string; values: string }> {
  const files = caseFiles(name);
  const json = (file: string): any => JSON.parse(new TextDecoder().decode(files.get(file)!)); // eslint-disable-line typescript/no-explicit-any
  const config = json("config.json") as Record<string, unknown>;
  const classes = String(config.architectures).endsWith("ForSequenceClassification") ? classesOf(config) : undefined;
  const base: Base = { ...parseModel(config), classes };
  const sites = sitesOf(base.model, base.config, classes, form).filter((s) => on(s.name));
  const ranks = new Map(sites.map((s, i) => [s.name, { r: 3 + (i % 3), alpha: isShortcut(s.name) ? 4 : 8 }]));
  const checkpoint = await openSafetensors(new Map([["model.safetensors", bytesSource(files.get("model.safetensors")!)]]));
  const batch = json("batch.json") as Record<"input_ids" | "attention_mask" | "token_type_ids", number[][]>;
  const shape = [batch.input_ids.length, batch.input_ids[0].length];
  const target = targetOfRanks(base, ranks, form);
  const run = await Run.create({ backend: (await backends.reference())!, target, checkpoint, maxTokens: shape[0] * shape[1], weightDecay: 0, seed: 0 });
  await fillAdapter(run, 5, 0.15);
  const typeIds = (batch.token_type_ids ?? batch.input_ids.map((row) => row.map(() => 0))).flat();
  run.plans.write("inputIds", Int32Array.from(batch.input_ids.flat()));
  run.plans.write("mask", Int32Array.from(batch.attention_mask.flat()));
  run.plans.write("typeIds", Int32Array.from(typeIds));
  const logits = await readLogits(run, shape[0], shape[1]);
  const model = { files: { name, revision: null, config }, base, checkpoint } as unknown as LoadedModel;
  const folder = mkdtempSync(join(temporary, `${name}-`));
  for (const [path, content] of Object.entries(await runFiles(run, model, runConfig({ target_modules: ["q_proj"] }), []))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  run.destroy();
  const values = join(folder, "values.safetensors");
  writeFileSync(
    values,
    writeSafetensors([
      { name: "input_ids", shape, data: Int32Array.from(batch.input_ids.flat()) },
      { name: "attention_mask", shape, data: Int32Array.from(batch.attention_mask.flat()) },
      { name: "token_type_ids", shape, data: Int32Array.from(typeIds) },
      { name: "logits", shape: classes ? [shape[0], classes] : [...shape, base.config.vocabSize], data: logits },
    ]),
  );
  return { run: folder, values };
}

interface Compared {
  logits: number;
  again: number;
  base: number;
  adapter?: number;
  cached?: boolean;
}
const compare = (name: string, { run, values }: { run: string; values: string }): Compared => {
  const args = [new URL("compare_shortcuts.py", import.meta.url).pathname, GOLDEN + name, run, values];
  return JSON.parse(execFileSync(python!, args, { encoding: "utf8" }).trim().split("\n").at(-1)!) as Compared;
};

describe.skipIf(!python)("load_shortcuts.py (needs PYTHON with torch, transformers, peft)", () => {
  it.each(cases.flatMap((name) => (["plain", "norm"] as const).map((form) => [name, form] as const)))(
    "%s, %s: our logits, with the adapter and with most shortcuts",
    { timeout: 300_000 },
    async (name, form) => {
      const made = await exported(name, form, (site) => /(q_proj|query|fc1|up_proj|intermediate\.dense)$/.test(site) || (isShortcut(site) && !site.endsWith("0.residual_2"))); // prettier-ignore
      const { logits, again, base, adapter, cached } = compare(name, made);
      expect(logits).toBeLessThan(2e-5);
      expect(again).toBe(0); // nothing is left of the call before
      expect(base).toBeGreaterThan(1e-2);
      expect(adapter).toBeGreaterThan(1e-2); // what a bare PEFT export loses
      expect(cached ?? true).toBe(true);
    },
  );

  it.each([["bert-cls", "plain"], ["opt-postnorm-lora", "norm"]] as const)("%s, %s: shortcuts alone, a classifier's head with them", { timeout: 300_000 }, async (name, form) => {
    const { logits, base, adapter } = compare(name, await exported(name, form, isShortcut));
    expect(logits).toBeLessThan(2e-5);
    expect(base).toBeGreaterThan(1e-2);
    expect(adapter).toBeUndefined();
  });

  it("the authors' norms alone, where every shortcut went off", { timeout: 300_000 }, async () => {
    const { logits, base } = compare("llama-lora", await exported("llama-lora", "norm", (site) => site.endsWith("v_proj")));
    expect(logits).toBeLessThan(2e-5);
    expect(base).toBeGreaterThan(1e-2);
  });
}); // prettier-ignore
