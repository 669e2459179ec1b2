// score.ts — what the modules of a configuration are worth to each proxy before training: a table, the rank correlations of the proxies, and what the
// configured allocation would make of them.

import { DataError } from "../../data/error.ts";
import type { Scores } from "../../protocol.ts";
import { figures, proxies } from "../../proxies/index.ts";
import { allocateScores, checkProxies, checkProxyNames, costOf, scoreRun } from "../../session/score.ts";
import type { Command } from "../command.ts";
import { backendOption, openBackend, openRun, readConfig } from "../place.ts";
import { Progress } from "../progress.ts";
import { correlation } from "../../statistics/rank-correlation.ts";

const print = (line: string): void => void process.stdout.write(`${line}\n`);
/** Alpha-test is left out: it takes four evaluations per module. */
const USUAL = Object.keys(proxies).filter((name) => name !== "alpha-test" && name !== "constant");

export const score: Command = {
  name: "score",
  takes: "CONFIG.json",
  summary: "what each module is worth to each proxy, and how the proxies agree",
  details: [
    `Proxies: ${Object.keys(proxies).join(", ")}. Figures for the whole network: ${Object.keys(figures).join(", ")}.`,
    "Calibration rows, B and the budget are those of CONFIG.json's allocation. Correlations are Spearman's: 1 is the same order, 0 none, −1 the reverse.",
  ].join("\n"),
  options: {
    proxies: { value: "A,B", help: `which, with commas between; default: ${USUAL.join(",")}` },
    backend: backendOption,
  },
  async run(args) {
    const file = args.only();
    const names = args.text("proxies")?.split(",").map((n) => n.trim()) ?? USUAL; // prettier-ignore
    if (new Set(names).size < names.length) throw new DataError("--proxies", "names one twice", `There is ${Object.keys(proxies).join(", ")}`);
    checkProxyNames(names);
    const config = await readConfig(file, args);
    const loaded = await openRun(config, file);
    checkProxies(names, loaded);
    for (const name of names) {
      const { passes, flops, bytes } = costOf(name, config, loaded);
      console.error(
        `${name}: ${passes.toFixed(passes % 1 ? 1 : 0)} passes, ${(flops / 1e9).toFixed(1)} GFLOP, ${(bytes / 2 ** 20).toFixed(1)} MiB of activations`,
      );
    }
    const { backend } = await openBackend(config.backend);
    let stopped = false;
    const onInterrupt = (): void => {
      if (stopped) process.exit(130);
      stopped = true;
    };
    process.on("SIGINT", onInterrupt);
    const progress = new Progress(0);
    const scores = await scoreRun(config, loaded, backend, names, () => stopped, (phase, done, total) =>
      progress.show({ type: "progress", phase, done, total, unit: "passes" })); // prettier-ignore
    progress.end();
    process.off("SIGINT", onInterrupt);
    if (!scores || stopped) return { code: 1, result: { stopped: true } };
    for (const what of Object.values(scores.failed ?? {})) console.error(what);
    for (const [name, note] of Object.entries(scores.notes)) console.error(`${name}: ${note}`);
    table(scores);
    const ranked = Object.keys(scores.scores);
    const own = (name: string): number[] => scores.scores[name].filter((_, i) => scores.sites[i].r > 0);
    const correlations = Object.fromEntries(ranked.map((a) => [a, Object.fromEntries(ranked.map((b) => [b, correlation(own(a), own(b))]))]));
    if (ranked.length > 1) {
      print("rank correlation");
      for (const a of ranked) print(`${a.padEnd(12)} ${ranked.map((b) => shown(correlations[a][b]).padStart(6)).join(" ")}`);
    }
    for (const [name, value] of Object.entries(scores.figures)) print(`${name}: ${value.toPrecision(6)}, for the whole network`);
    const { allocation } = config;
    const allocated = allocation && scores.scores[allocation.proxy] ? allocateScores(config, loaded, scores.scores[allocation.proxy]) : null;
    if (allocated)
      print(
        `${allocation!.proxy} and ${allocation!.allocator}: ${allocated.ranks.filter(Boolean).length} modules, ${allocated.spent} of ${allocated.budget} ${allocated.unit}`,
      );
    return {
      result: {
        sites: scores.sites.filter((s) => s.r > 0).map((s) => s.name),
        scores: Object.fromEntries(ranked.map((name) => [name, own(name)])),
        figures: scores.figures,
        correlations,
        ranks: allocated && allocated.ranks.filter((_, i) => scores.sites[i].r > 0),
        milliseconds: scores.milliseconds,
        backend: backend.name,
      },
    };
  },
};

const shown = (c: number | null): string => (c === null ? "–" : c.toFixed(2));

function table({ sites, scores }: Scores): void {
  const names = Object.keys(scores);
  const width = Math.max(6, ...sites.map((s) => s.name.length));
  print(`${"module".padEnd(width)} ${names.map((n) => n.padStart(12)).join(" ")}`);
  sites.forEach((s, i) => {
    if (s.r > 0) print(`${s.name.padEnd(width)} ${names.map((n) => scores[n][i].toExponential(3).padStart(12)).join(" ")}`);
  });
}
