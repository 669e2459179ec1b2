// test-peft.mjs — `npm run test:peft [-- RUN]`: real PEFT loads our adapters and must give our logits.
// 1. folders of our writer (tests/peft); 2. the adapter of RUN, a folder that `cli train --out` made (default: a short run with mixed ranks
// and a pruned module). PYTHON names the Python (default python3); without torch, transformers and peft all is skipped, with the reason.
// @ts-check
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const python = process.env.PYTHON || "python3";
const probe = spawnSync(python, ["-c", "import torch, transformers, peft, safetensors; print(torch.__version__, transformers.__version__, peft.__version__)"], {
  encoding: "utf8",
});
if (probe.status !== 0) {
  const reason = probe.error ? probe.error.message : probe.stderr.trim().split("\n").at(-1);
  console.log(`test:peft skipped: ${python} cannot import torch, transformers and peft (${reason}). Set PYTHON to one that can.`);
  process.exit(0);
}
const [torch, transformers, peft] = probe.stdout.trim().split(" ");
console.log(`torch ${torch}, transformers ${transformers}, peft ${peft}`);

const PRUNED = "model.layers.2.mlp.up_proj";
const temporary = mkdtempSync(join(tmpdir(), "rankscope-peft-"));
let failed = false;
try {
  step("PEFT reads what our writer writes", process.execPath, ["node_modules/vitest/vitest.mjs", "run", "--project", "node", "tests/peft"], { PYTHON: python });
  compareRun(process.argv[2] ? resolve(process.argv[2]) : trainShortly());
} catch (error) {
  failed = true;
  console.error(error instanceof Error ? error.message : error);
} finally {
  rmSync(temporary, { recursive: true });
}
console.log(failed ? "test:peft failed" : "test:peft passed");
process.exit(failed ? 1 : 0);

/**
 * Runs a program, its output shown; stdout is also returned. Throws unless it ends with 0.
 * @param {string} what @param {string} program @param {string[]} args @param {Record<string, string>} [env]
 */
function step(what, program, args, env = {}) {
  console.log(`\n${what}`);
  const { status, stdout, error } = spawnSync(program, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
    maxBuffer: 2 ** 28,
  });
  process.stdout.write(stdout ?? "");
  if (status !== 0) throw new Error(`${what}: failed (${error ? error.message : `exit ${status}`})`);
  return stdout;
}

/** A run with three different ranks, an alpha of its own and one module left out. */
function trainShortly() {
  const attention = ["q_proj", "k_proj", "v_proj", "o_proj"].map((name) => `self_attn.${name}`);
  const mlp = ["gate_proj", "up_proj", "down_proj"].map((name) => `mlp.${name}`);
  const layers = [0, 1, 2, 3, 4, 5];
  const config = {
    model: { source: "bundled:tales-3m", task: "causal-lm", dtype: "f32" },
    data: { source: "bundled:tales-qa", format: "auto", max_length: 96, eval_share: 0.1, limit: 64 },
    method: "lora",
    r: 4,
    lora_alpha: 8,
    lora_dropout: 0,
    target_modules: layers.flatMap((i) => [...attention, ...mlp].map((name) => `model.layers.${i}.${name}`)).filter((path) => path !== PRUNED),
    rank_pattern: { down_proj: 3, "model.layers.0.self_attn.q_proj": 12 },
    alpha_pattern: { "model.layers.1.self_attn.v_proj": 20 },
    train: {
      steps: 4,
      batch_size: 4,
      gradient_accumulation_steps: 1,
      learning_rate: 5e-3,
      lr_scheduler_type: "constant",
      warmup_steps: 0,
      optimizer: "adamw",
      weight_decay: 0,
      max_grad_norm: 1,
      seed: 7,
      eval_every: 0,
      eval_rows: 8,
      samples_every: 0,
      checkpoint_seconds: 30,
    },
    backend: "auto",
  };
  const file = join(temporary, "short.json");
  const run = join(temporary, "run");
  writeFileSync(file, JSON.stringify(config));
  step("a short run with mixed ranks", "npm", ["run", "-s", "cli", "--", "train", file, "--out", run]);
  const written = JSON.parse(readFileSync(join(run, "adapter", "adapter_config.json"), "utf8"));
  if (written.target_modules.includes(PRUNED)) throw new Error(`${PRUNED} has no rank, but is in target_modules`);
  return run;
}

/**
 * Our logits of the run's first batch against PEFT's.
 * @param {string} run
 */
function compareRun(run) {
  const config = JSON.parse(readFileSync(join(run, "config.json"), "utf8"));
  const values = join(temporary, "values.safetensors");
  const adapter = join(run, "adapter");
  step("our logits", "npm", ["run", "-s", "cli", "--", "evaluate", join(run, "config.json"), "--adapter", adapter, "--write", values]);
  const out = step("PEFT's logits", python, ["tests/peft/compare.py", baseFolder(config.model.source), adapter, values]);
  const { modules } = JSON.parse(out.trim().split("\n").at(-1) ?? "");
  if (process.argv[2]) return;
  const expected = {
    "model.layers.0.self_attn.q_proj": [12, 8 / 12],
    "model.layers.3.mlp.down_proj": [3, 8 / 3],
    "model.layers.1.self_attn.v_proj": [4, 5],
    [PRUNED]: undefined,
  };
  for (const [path, value] of Object.entries(expected)) {
    if (JSON.stringify(modules[path]) !== JSON.stringify(value))
      throw new Error(`${path}: PEFT has [r, scaling] ${JSON.stringify(modules[path])}, meant was ${JSON.stringify(value)}`);
  }
}

/** @param {string} source A RunConfig's model.source. */
function baseFolder(source) {
  const [kind, name] = [source.slice(0, source.indexOf(":")), source.slice(source.indexOf(":") + 1)];
  if (kind === "bundled") return join(root, "public/models", name);
  return kind === "file" ? resolve(root, name) : name.split("@")[0];
}
