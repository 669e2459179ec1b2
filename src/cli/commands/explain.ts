// explain.ts — the plans of a run as text: a line per dispatch with kernel, grid, shapes, slots, bytes and call site; the slots; the memory.

import { longestBatch, start } from "../../session/start.ts";
import { PROMPTS, estimate } from "../../train/estimate.ts";
import type { Command } from "../command.ts";
import { backendOption, openBackend, openRun, readConfig } from "../place.ts";

const print = (line: string): void => void process.stdout.write(`${line}\n`);

export const explain: Command = {
  name: "explain",
  takes: "CONFIG.json",
  summary: "the plan: a line per dispatch, slots, bytes",
  details: [
    "Micro-step, update, evaluation and generation. Plans share the slots; a slot is as large as the largest plan needs it.",
    "dispatches: of one optimizer step. bytes: everything on the device; memory says of what kind. The reference backend has ops, not dispatches.",
  ].join("\n"),
  options: { backend: backendOption },
  async run(args) {
    const file = args.only();
    const config = await readConfig(file, args);
    const loaded = await openRun(config, file);
    const { backend } = await openBackend(config.backend);
    const run = await start(config, loaded, backend, () => {});
    const { batch_size: B, gradient_accumulation_steps: accumulation } = config.train;
    const T = longestBatch(config, loaded.data.train);
    // A classifier writes nothing.
    const writes = !loaded.base.classes;
    const Tmax = Math.min(loaded.base.config.maxPositions, Math.ceil((config.data.max_length + 16) / 32) * 32);
    const micro = await run.plans.micro(B, T);
    const update = await run.plans.update();
    const plans = [micro, update, await run.plans.evaluation(B, T), ...(writes ? [await run.plans.generation(PROMPTS, Tmax)] : [])];

    const slots: number[] = [];
    for (const plan of plans) {
      print(`${plan.name}: ${plan.dispatches} dispatches`);
      for (const line of plan.explain()) print(line);
      plan.slots.forEach((bytes, i) => (slots[i] = Math.max(slots[i] ?? 0, bytes)));
    }
    print(`${slots.length} slots`);
    slots.forEach((bytes, i) => print(`  slot ${i}: ${bytes.toLocaleString("en")} bytes`));
    const { memory } = estimate(loaded.target, config);
    for (const [kind, bytes] of Object.entries(memory)) print(`${kind}: ${bytes.toLocaleString("en")} bytes`);
    return {
      result: {
        dispatches: micro.dispatches * accumulation + update.dispatches,
        pipelines: backend.pipelines,
        bytes: memory.total,
        memory,
        slots,
        plans: Object.fromEntries(plans.map((p) => [p.name, p.dispatches])),
        backend: backend.name,
      },
    };
  },
};
