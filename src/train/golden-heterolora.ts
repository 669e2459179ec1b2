// golden-heterolora.ts — the golden case of HeteroLoRA: scores of every proxy at B = 0 and at a stored B, and the modules and shortcuts they choose;
// trainings in golden-heterolora-train.ts. Conventions: tests/golden/methods/heterolora/case.json.

import { type Backend } from "../engine/backend.ts";
import { type Checkpoint, openSafetensors } from "../formats/safetensors.ts";
import { bytesSource } from "../formats/source.ts";
import { alphaTest } from "../proxies/alpha-test.ts";
import { figures, proxies } from "../proxies/index.ts";
import type { Probe } from "../proxies/proxy.ts";
import type { CaseFiles, Comparison, Values } from "./golden.ts";
import { AS_IS, type Case, type Context, batchOf, choose, inOrder, loadFactors, makeRun, perplexities, startOf, tensorOf } from "./golden-heterolora-case.ts";
import { trainingCase } from "./golden-heterolora-train.ts";
import { Sheet, inversions, worst, wrongMasks } from "./golden-sheet.ts";
import { probing } from "./score.ts";

/** The names of the case, and ours. */
const scored: Record<string, (probe: Probe, c: Case) => Promise<number[]>> = {
  constant: proxies.constant.score,
  grad_norm: proxies["grad-norm"].score,
  snip: proxies.snip.score,
  synflow_logits: proxies.synflow.score,
  synflow_ce: proxies["synflow-ce"].score,
  fisher: proxies.fisher.score,
  grasp: proxies.grasp.score,
  alpha_test: (probe, c) => alphaTest(probe, c.hyper.alpha_tolerance),
};

export async function runHeterolora(backend: Backend, files: CaseFiles): Promise<{ compared: Comparison[]; values: Values }> {
  const c: Case = JSON.parse(new TextDecoder().decode(files.get("case.json")!)) as Case;
  const open = (name: string): Promise<Checkpoint> => openSafetensors(new Map([["model.safetensors", bytesSource(files.get(name)!)]]));
  const [initial, expected] = [await open("initial.safetensors"), await open("expected.safetensors")];
  const batches = JSON.parse(new TextDecoder().decode(files.get("batch.json")!)) as Record<"input_ids" | "attention_mask" | "labels", number[][]>[];
  const context: Context = { backend, c, initial, expected, batches: batches.map(batchOf), sheet: new Sheet() };
  for (const sub of c.subcases) await (sub.endsWith("proxies") ? scoresCase : trainingCase)(context, sub);
  const values: Values = new Map([...context.sheet.values].map(([name, v]) => [name, expected.has(name) ? { ...v, shape: expected.shape(name) } : v]));
  return { compared: context.sheet.rows(), values };
}

/** With shortcuts, what scores choose in one ranking (combined) and in two (separated). */
async function scoresCase(context: Context, sub: string): Promise<void> {
  const { c, expected, batches, sheet } = context;
  const result = c.results[sub];
  const run = await makeRun(context, sub);
  const rows = batches.slice(0, c.hyper.proxy_batches);
  const rankings: Record<string, readonly string[]> = sub === "cut_proxies" ? { mask_combined: ["combined"], mask_separated: ["separated_lora", "separated_cut"] } : { mask: [""] }; // prettier-ignore
  for (const tag of ["zero", "probe"]) {
    if (tag === "probe") await loadFactors(run, result.units, (u, key) => startOf(context, sub, key === "A" ? tensorOf(u, key) : `probe.${u}`));
    for (const [name, score] of Object.entries(scored)) {
      if (!expected.has(`${sub}/scores.${tag}.${name}`)) continue; // alpha-test with shortcuts
      const scores = inOrder(run, result.units, (await probing(run, rows, AS_IS, "holds", (probe) => score(probe, c)))!.value);
      const truth = await expected.read(`${sub}/scores.${tag}.${name}`);
      const tolerance = name === "grasp" ? 2e-2 : 1e-3;
      sheet.put(`${sub}/scores.${tag}.${name}`, scores);
      sheet.note(name === "grasp" ? "scores of grasp" : "scores", `${sub}/${tag}.${name}`, worst(scores, truth), tolerance);
      sheet.note("order", `${sub}/${tag}.${name}`, inversions(scores, truth, 2 * tolerance), 0);
      for (const [kind, prefixes] of Object.entries(rankings)) {
        const { mask } = choose(run, result, scores, prefixes.map((p) => (p ? `${p}.${tag}.${name}` : `${tag}.${name}`))); // prettier-ignore
        sheet.put(`${sub}/${kind}.${tag}.${name}`, mask);
        const at = `${sub}/${kind}.${tag}.${name}`;
        const masks = await expected.read(at);
        const n = prefixes.length > 1 ? result.units.findIndex((u) => !u.includes("_proj")) : result.units.length;
        for (const part of [
          [0, n],
          [n, result.units.length],
        ])
          // prettier-ignore
          if (part[0] < part[1]) sheet.note("masks", at, wrongMasks(mask.slice(...part), masks.slice(...part), truth.slice(...part), 2 * tolerance), 0);
      }
    }
    if (expected.has(`${sub}/alpha_ppl.${tag}`)) {
      const table = (await probing(run, rows, AS_IS, "holds", (probe) => perplexities(probe, result.units)))!.value;
      sheet.put(`${sub}/alpha_ppl.${tag}`, table);
      sheet.note("perplexities", `${sub}/alpha_ppl.${tag}`, worst(table, await expected.read(`${sub}/alpha_ppl.${tag}`)), 1e-3);
    }
    const figure = (await probing(run, rows, AS_IS, "holds", (probe) => figures["jacob-cov"].figure(probe)))!.value;
    sheet.note("jacob-cov", `${sub}/${tag}`, Math.abs(figure / result.jacob_cov![tag] - 1), 1e-3);
  }
  run.destroy();
}
