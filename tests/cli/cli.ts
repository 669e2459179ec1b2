// cli.ts — runs the command line as a child process, and makes the small things it is run on: a model of 0.1 M parameters with a tokenizer of
// single bytes, and rows.
import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/install.mjs";

export const CASES = join(root, "tests/golden/cases");

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
  /** The last line of stdout. */
  last: any; // eslint-disable-line typescript/no-explicit-any
}

/** onText: sees stderr as it comes, with the child's way to be interrupted. onChild: sees the process itself. */
export function cli(
  args: readonly string[],
  options: { cwd?: string; onText?: (text: string, interrupt: () => void) => void; onChild?: (child: ChildProcess) => void } = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, "scripts/cli.mjs"), ...args], { cwd: options.cwd ?? root, stdio: ["ignore", "pipe", "pipe"] });
    options.onChild?.(child);
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk) => (stdout += chunk));
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
      options.onText?.(stderr, () => child.kill("SIGINT"));
    });
    child.on("close", (code) => {
      const line = stdout.trim().split("\n").at(-1)!;
      resolve({ code, stdout, stderr, last: line.startsWith("{") ? JSON.parse(line) : null });
    });
  });
}

/** A byte-level tokenizer without merges: one token per printable character. */
function byteTokenizer(): object {
  const characters = [...Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)), "Ġ", "Ċ"];
  const special = ["<pad>", "<s>", "</s>"];
  const added = special.map((content, id) => ({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }));
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    version: "1.0",
    added_tokens: added,
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: byteLevel,
    model: { type: "BPE", unk_token: null, vocab: Object.fromEntries([...special, ...characters].map((c, id) => [c, id])), merges: [] },
  };
}

/** The base of a golden case, made a whole model folder: 2 layers, width 64, at most 128 tokens. */
export function makeModel(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const name of ["config.json", "model.safetensors"]) copyFileSync(join(CASES, "llama-lora", name), join(folder, name));
  writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(byteTokenizer()));
  writeFileSync(join(folder, "tokenizer_config.json"), JSON.stringify({ bos_token: "<s>", eos_token: "</s>", pad_token: "<pad>", add_bos_token: true }));
}

export const rows = Array.from({ length: 16 }, (_, i) => JSON.stringify({ prompt: `${i} and ${i} is`, completion: ` ${2 * i}` }));

export const tinyConfig = {
  model: { source: "file:model" },
  data: { source: "file:rows.jsonl", max_length: 32, eval_share: 0.25 },
  r: 2,
  lora_alpha: 4,
  target_modules: ["q_proj", "v_proj", "down_proj"],
  rank_pattern: { down_proj: 3 },
  train: { steps: 3, batch_size: 2, eval_every: 0, eval_rows: 4, samples_every: 0, warmup_steps: 0, learning_rate: 0.01 },
};
