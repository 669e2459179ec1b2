// resume.test.ts — a run killed in the middle goes on from its last checkpoint and ends as the one that was left alone; a finished one is made longer.
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Ended, cli, makeModel, rows, tinyConfig } from "./cli.ts";

const folder = mkdtempSync(join(tmpdir(), "rankscope-resume-"));
const at = (...path: string[]): string => join(folder, ...path);
const run = (...args: string[]): Promise<Ended> => cli(args, { cwd: folder });
type Event = Record<string, number | string>;
const events = (name: string): Event[] => readFileSync(at(name, "events.jsonl"), "utf8").trim().split("\n").map((line) => JSON.parse(line) as Event); // prettier-ignore
const told = (name: string): Event[] =>
  events(name).filter((e) => ["step", "evaluation", "allocation", "sample"].includes(e.type as string)).map((e) => ({ ...e, ms: 0, time: 0, milliseconds: 0 })); // prettier-ignore
const adapter = (name: string): Buffer => readFileSync(at(name, "adapter", "adapter_model.safetensors"));

const train = { ...tinyConfig.train, steps: 500, eval_every: 100, gradient_accumulation_steps: 2, lr_scheduler_type: "cosine", checkpoint_seconds: 1 };
const allocation = { when: "dynamic", realloc_N: 1, batches: 2, budget: { modules: 3 }, stop_after: 0.3 };

beforeAll(() => {
  makeModel(at("model"));
  writeFileSync(at("rows.jsonl"), [...rows, ""].join("\n"));
  writeFileSync(at("run.json"), JSON.stringify({ ...tinyConfig, lora_dropout: 0.1, allocation, train }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Kills the process as soon as there is a checkpoint. */
function killed(args: readonly string[], name: string): Promise<Ended> {
  return cli(args, {
    cwd: folder,
    onChild: (child) => {
      const look = setInterval(() => existsSync(at(name, "checkpoints", "last.safetensors")) && child.kill("SIGKILL"), 20);
      child.on("close", () => clearInterval(look));
    },
  });
}

test("killed, it goes on; nothing is lost beyond the last checkpoint, and it ends the same bit for bit", { timeout: 240_000 }, async () => {
  expect((await run("train", "run.json", "--out", "whole", "--backend", "wasm")).code).toBe(0);
  const cut = await killed(["train", "run.json", "--out", "cut", "--backend", "wasm"], "cut");
  expect(cut).toMatchObject({ code: null, stdout: "" });
  expect(existsSync(at("cut", "adapter"))).toBe(false);
  const before = events("cut").filter((e) => e.type === "step").length;
  expect(before).toBeGreaterThan(0);
  expect(before).toBeLessThan(500);

  const on = await run("train", "--resume", "cut");
  expect(on).toMatchObject({ code: 0, last: { steps: 500, backend: "wasm" } });
  expect(on.stderr).not.toContain("step 0: evaluation");
  expect(told("cut")).toEqual(told("whole"));
  expect(adapter("cut")).toEqual(adapter("whole"));
  expect(readdirSync(at("cut"))).not.toContain(".held");
});

test("a finished run is extended, and shows the steps of both", { timeout: 120_000 }, async () => {
  const nothing = await run("train", "--resume", "whole");
  expect(nothing).toMatchObject({ code: 0, last: { steps: 500 } });
  const longer = await run("train", "--resume", "whole", "--steps", "510");
  expect(longer).toMatchObject({ code: 0, last: { steps: 510 } });
  expect(events("whole").filter((e) => e.type === "step").map((e) => e.step)).toEqual(Array.from({ length: 510 }, (_, i) => i + 1)); // prettier-ignore
  expect(adapter("whole")).not.toEqual(adapter("cut"));
  expect(JSON.parse(readFileSync(at("whole", "config.json"), "utf8"))).toMatchObject({ train: { steps: 510 } });
});

test.each<[string, string[], RegExp]>([
  ["no folder", ["--resume", "nowhere"], /--resume nowhere: is no folder of a run/],
  ["a configuration beside it", ["run.json", "--resume", "cut"], /--resume: takes neither CONFIG\.json nor --out/],
  ["fewer steps than it has", ["--resume", "cut", "--steps", "5"], /--steps: must be a whole number from 500/],
  ["steps of a new run", ["run.json", "--out", "new", "--steps", "5"], /--steps: goes with --resume/],
])("%s is refused", { timeout: 60_000 }, async (_, args, message) => {
  const ended = await run("train", ...args);
  expect(ended.code).toBe(2);
  expect(ended.stderr).toMatch(message);
});

test("other rows, a damaged checkpoint and a folder in use are refused", { timeout: 60_000 }, async () => {
  writeFileSync(at("rows.jsonl"), [...rows.slice(1), ""].join("\n"));
  expect(await run("train", "--resume", "cut", "--steps", "520")).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/training rows are not those/) as string,
  });
  writeFileSync(at("rows.jsonl"), [...rows, ""].join("\n"));
  writeFileSync(at("cut", ".held"), String(process.pid));
  expect(await run("train", "--resume", "cut")).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/trained by another process\. .*delete cut\/\.held/) as string,
  });
  writeFileSync(at("cut", ".held"), "999999999");
  writeFileSync(at("cut", "checkpoints", "last.safetensors"), "PK");
  expect(await run("train", "--resume", "cut")).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/cut\/checkpoints\/last\.safetensors: is 2 bytes long/) as string,
  });
});
