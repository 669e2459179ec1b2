// tiny-studio.ts — the page's session on a tiny model in wasm, and a short run for it.
import { wasmBackend } from "../../src/engine/wasm/backend.ts";
import type { RunConfig } from "../../src/protocol.ts";
import { StudioSession } from "../../src/session/studio.ts";
import { parseConfig } from "../../src/train/config.ts";
import { tinyContext } from "./tiny-folder.ts";

export const tinyStudio = (): StudioSession =>
  new StudioSession({
    context: tinyContext,
    device: async () => ({ webgpu: false, adapter: "", software: false, limits: {}, features: [] }),
    backend: () => wasmBackend({ threads: 1 }),
    give: () => {},
  });

/** A short run on it; `more` over its fields. */
export const tinyRun = (more: object = {}): RunConfig =>
  parseConfig({
    model: { source: "file:model" },
    data: { source: "file:rows.jsonl", max_length: 32, eval_share: 0.25 },
    r: 2,
    lora_alpha: 4,
    target_modules: ["q_proj", "v_proj"],
    train: { steps: 12, batch_size: 2, eval_every: 0, eval_rows: 4, samples_every: 0, warmup_steps: 0, learning_rate: 0.05 },
    backend: "wasm",
    ...more,
  });
