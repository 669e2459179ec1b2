// client.ts — the session in its worker, as a plain Session: the only file of the page that knows there is a worker.
import { proxy, wrap } from "comlink";
import type { Session } from "../protocol.ts";

/** Starts the worker. `onLost` is told when the worker itself breaks (it could not load, or threw outside of a call). */
export function connect(onLost: (what: string) => void): Session {
  const worker = new Worker(new URL("../../workers/studio.worker.ts", import.meta.url), { type: "module" });
  worker.addEventListener("error", (event) => onLost(event.message || "the worker script could not be loaded"));
  worker.addEventListener("messageerror", () => onLost("a message could not be read"));
  const remote = wrap<Session>(worker);
  return {
    catalogue: () => remote.catalogue(),
    readSettings: (file, name) => remote.readSettings(file, name),
    device: () => remote.device(),
    give: (folder, files) => remote.give(folder, files),
    preflight: (config, onProgress) => remote.preflight(config, onProgress && proxy(onProgress)),
    dataColumns: (config) => remote.dataColumns(config),
    preview: (config, rows, first) => remote.preview(config, rows, first),
    train: (config, onEvents) => remote.train(config, proxy(onEvents)),
    takeAdapter: (config, files, what, onEvents) => remote.takeAdapter(config, files, what, proxy(onEvents)),
    pause: () => remote.pause(),
    step: () => remote.step(),
    resume: () => remote.resume(),
    stop: () => remote.stop(),
    setLearningRate: (learningRate) => remote.setLearningRate(learningRate),
    ask: (options) => remote.ask(options),
    benchmark: (onProgress) => remote.benchmark(proxy(onProgress)),
    scoringCost: (config, proxies) => remote.scoringCost(config, proxies),
    score: (config, proxies, onProgress) => remote.score(config, proxies, proxy(onProgress)),
    allocate: (config, scores) => remote.allocate(config, scores),
    export: (only) => remote.export(only),
    exportMerged: (onProgress) => remote.exportMerged(proxy(onProgress)),
    cancelMerged: () => remote.cancelMerged(),
    runs: () => remote.runs(),
    runEvents: (id) => remote.runEvents(id),
    changeRun: (id, change) => remote.changeRun(id, change),
    duplicateRun: (id) => remote.duplicateRun(id),
    deleteRun: (id) => remote.deleteRun(id),
    undeleteRun: (id) => remote.undeleteRun(id),
    sweepRuns: () => remote.sweepRuns(),
    continueRun: (id, onward, onEvents) => remote.continueRun(id, onward, proxy(onEvents)),
    openRun: (id, which, onEvents) => remote.openRun(id, which, proxy(onEvents)),
    exportRuns: (ids) => remote.exportRuns(ids),
    importRuns: (zip) => remote.importRuns(zip),
    comparisons: () => remote.comparisons(),
    suggestComparison: (config) => remote.suggestComparison(config),
    armOf: (config, base) => remote.armOf(config, base),
    configOfArm: (comparison, arm) => remote.configOfArm(comparison, arm),
    checkComparison: (comparison, id) => remote.checkComparison(comparison, id),
    putComparison: (comparison, name, id) => remote.putComparison(comparison, name, id),
    deleteComparison: (id) => remote.deleteComparison(id),
    undeleteComparison: (id) => remote.undeleteComparison(id),
    runComparison: (id, onProgress) => remote.runComparison(id, proxy(onProgress)),
    exportComparison: (id, only) => remote.exportComparison(id, only),
    importComparison: (file, name) => remote.importComparison(file, name),
  };
}
