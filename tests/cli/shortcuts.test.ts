// shortcuts.test.ts — shortcuts from the command line: a run's folder holds them, every command reads them back, and none loses them without a word.
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Ended, cli, makeModel, rows, tinyConfig } from "./cli.ts";

const folder = mkdtempSync(join(tmpdir(), "rankscope-shortcuts-"));
const at = (name: string): string => join(folder, name);
const run = (...args: string[]): Promise<Ended> => cli(args, { cwd: folder });
const reference = ["--backend", "reference"];
const write = (name: string, allocation: object): string => {
  const everything = { proxy: "constant", budget: { share: 1 }, shortcuts: "combined", shortcut_r: 2 };
  writeFileSync(at(name), JSON.stringify({ ...tinyConfig, allocation: { ...everything, ...allocation } }));
  return name;
};
let trained: Ended;

beforeAll(async () => {
  makeModel(at("model"));
  writeFileSync(at("rows.jsonl"), rows.join("\n"));
  trained = await run("train", write("run.json", {}), "--out", "run", ...reference);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the run's folder has them beside the adapter, with a loader; its card says how, and what PEFT alone would leave out", () => {
  expect(trained.code, trained.stderr).toBe(0);
  expect(readdirSync(at("run"))).toEqual(expect.arrayContaining(["adapter", "load_shortcuts.py", "shortcuts.json", "shortcuts.safetensors"]));
  const { form, shortcuts, adapter } = JSON.parse(readFileSync(at("run/shortcuts.json"), "utf8")) as { form: string; shortcuts: object; adapter: string };
  expect([form, adapter, Object.keys(shortcuts).length]).toEqual(["plain", "adapter", 7]);
  for (const card of ["run/README.md", "run/adapter/README.md"]) {
    expect(readFileSync(at(card), "utf8")).toContain("from load_shortcuts import load");
    expect(readFileSync(at(card), "utf8")).toContain('from_pretrained("path/to/model", dtype="float32")');
    expect(readFileSync(at(card), "utf8")).toMatch(/PEFT by itself can load `adapter\/`, but leaves out the 7 shortcuts/);
  }
  expect(trained.last.trainable).toBe(2 * (2 * (64 + 64) + 2 * (64 + 32) + 3 * (172 + 64)) + 7 * 2 * 128);
});

test("evaluate reads the folder back to the run's own figure; the adapter alone is something else, and that is told", { timeout: 60_000 }, async () => {
  const whole = await run("evaluate", "run.json", "--adapter", "run", ...reference);
  expect(Math.abs(whole.last.loss / trained.last.eval_loss - 1)).toBeLessThan(1e-6);
  const part = await run("evaluate", "run.json", "--adapter", "run/adapter", ...reference);
  expect(Math.abs(part.last.loss / trained.last.eval_loss - 1)).toBeGreaterThan(1e-6);
  expect(part.stderr).toContain("run/adapter: its run also trained shortcuts, which are left out. With them: --adapter run");
});

test("generate and inspect take it too", { timeout: 60_000 }, async () => {
  const answer = await run("generate", "--model", "file:model", "--adapter", "run", "--prompt", "1 and 1 is", "--max-new-tokens", "3", ...reference);
  expect(answer.code, answer.stderr).toBe(0);
  const { last } = await run("inspect", "run");
  expect(last).toMatchObject({ form: "plain", parameters: trained.last.trainable });
  expect(last.modules["model.layers.1.shortcut_ffn"]).toEqual({ r: 2, alpha: 4, scale: 2 });
});

test("a bare PEFT adapter only with a word that shortcuts are lost", { timeout: 60_000 }, async () => {
  const refused = await run("export", "run", "--format", "peft", "--out", "bare");
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/run: has 7 trained shortcuts, which PEFT cannot hold\. .*load_shortcuts\.py; or add --without-shortcuts/);
  expect(existsSync(at("bare"))).toBe(false);
  const done = await run("export", "run", "--format", "peft", "--out", "bare", "--without-shortcuts");
  expect(done.code, done.stderr).toBe(0);
  expect(done.stderr).toMatch(/7 trained shortcuts, which PEFT cannot hold, are left out: this is another model/);
  expect(readdirSync(at("bare")).sort()).toEqual(["adapter_config.json", "adapter_model.safetensors"]);
  const bare = await run("evaluate", "run.json", "--adapter", "bare", ...reference);
  const part = await run("evaluate", "run.json", "--adapter", "run/adapter", ...reference);
  expect(bare.last.loss).toBe(part.last.loss);
});

test("a run of shortcuts alone has no adapter to export, and is read back", { timeout: 120_000 }, async () => {
  const config = write("cuts.json", { shortcut_form: "norm", excluded: ["q_proj", "v_proj", "down_proj"], locked: ["layers.0.residual_1"] });
  const ended = await run("train", config, "--out", "cuts", ...reference);
  expect(ended.code, ended.stderr).toBe(0);
  expect(ended.stderr).toContain("what is called base is the model with these norms");
  const again = await run("evaluate", "cuts.json", "--adapter", "cuts", ...reference);
  expect(Math.abs(again.last.loss / ended.last.eval_loss - 1)).toBeLessThan(1e-6);
  expect(existsSync(at("cuts/adapter"))).toBe(false);
  const { stderr, code } = await run("export", "cuts", "--format", "peft", "--out", "none");
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(/cuts: has no adapter, only 7 trained shortcuts and the norms behind them, which PEFT cannot hold/),
  ]);
});

test("train --from goes on with shortcuts too; a folder that lost its adapter is refused", { timeout: 120_000 }, async () => {
  const train = { ...tinyConfig.train, steps: 1, learning_rate: 0 };
  writeFileSync(at("further.json"), JSON.stringify({ ...tinyConfig, r: 9, target_modules: ["o_proj"], rank_pattern: {}, train }));
  const further = await run("train", "further.json", "--from", "run", "--out", "further", ...reference);
  expect(further.code, further.stderr).toBe(0);
  expect(Math.abs(further.last.eval_loss / trained.last.eval_loss - 1)).toBeLessThan(1e-6);
  expect(further.last).toMatchObject({ base_eval_loss: trained.last.base_eval_loss, trainable: trained.last.trainable });
  rmSync(at("further/adapter"), { recursive: true });
  const refused = await run("evaluate", "run.json", "--adapter", "further", ...reference);
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(/further, adapter folder: has no adapter_config\.json/)]);
});
