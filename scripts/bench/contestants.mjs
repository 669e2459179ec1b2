// contestants.mjs — who does the reference step: libraries in workers of one Chromium, each in a page of its own, and PyTorch as a process.
// Each gives { name, backend, version, steps(count) → { ms, losses }, info(), close() }.
// @ts-check
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { root } from "../install.mjs";

/** The slowest of them needs a minute for a step on a busy machine without a GPU. */
const PATIENCE_MS = 600_000;

/**
 * @typedef {{ ms: number[]; losses: number[] }} Steps
 * @typedef {{ name: string; backend: string; version: string; steps(count: number): Promise<Steps>; info(): Promise<any>; close(): Promise<void> }} Contestant
 */

/**
 * A page with one worker.
 * @param {import("playwright").Browser} browser
 * @param {string} url Site that holds `<script>.js`.
 * @param {{ name: string; script: string; backend: string; version: string; threads: number }} who
 * @returns {Promise<Contestant>}
 */
export async function inBrowser(browser, url, { name, script, backend, version, threads }) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${url}blank.html`);
  await page.evaluate(startWorker, `${url}${script}.js`);
  /** @type {(name: string, ...args: any[]) => Promise<any>} */
  const call = (method, ...args) =>
    within(
      PATIENCE_MS,
      page.evaluate(([m, a]) => /** @type {any} */ (globalThis).call(m, a), /** @type {[string, any[]]} */ ([method, args])),
    );
  try {
    const { isolated } = await call("start", { backend, threads });
    if (!isolated) throw new Error("the page is not cross-origin isolated: no threads");
  } catch (error) {
    await context.close();
    throw error;
  }
  return { name, backend, version, steps: (count) => call("steps", count), info: () => call("info"), close: () => context.close() };
}

/**
 * @template T @param {number} ms @param {Promise<T>} work @returns {Promise<T>}
 */
function within(ms, work) {
  /** @type {NodeJS.Timeout} */
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1000} s`)), ms)));
  return Promise.race([work, /** @type {Promise<never>} */ (late)]).finally(() => clearTimeout(timer));
}

/** Runs in the page: `call` posts to the worker and waits for its answer. */
function startWorker(/** @type {string} */ address) {
  const worker = new Worker(address, { type: "module" });
  /** @type {Map<number, { resolve(value: any): void; reject(reason: Error): void }>} */
  const waiting = new Map();
  /** @type {any} */ (globalThis).call = (/** @type {string} */ call, /** @type {any[]} */ args) =>
    new Promise((resolve, reject) => {
      waiting.set(waiting.size, { resolve, reject });
      worker.postMessage({ id: waiting.size - 1, call, args });
    });
  worker.onmessage = ({ data: { id, result, error } }) => (error ? waiting.get(id)?.reject(new Error(error)) : waiting.get(id)?.resolve(result));
  worker.onerror = (event) => waiting.forEach(({ reject }) => reject(new Error(event.message || "the worker does not load")));
}

/**
 * @param {string} data Folder with data.json and values.bin.
 * @param {number} threads
 * @returns {Promise<Contestant>} Throws where Python (env PYTHON, else python3) has no torch.
 */
export async function pytorch(data, threads) {
  const python = process.env.PYTHON || "python3";
  const child = spawn(python, [join(root, "tests/bench/peers/torch_step.py"), data, String(threads)], { stdio: ["pipe", "pipe", "pipe"] });
  let complaint = "";
  child.stderr.on("data", (chunk) => (complaint += chunk));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = Promise.race([once(child, "exit"), once(child, "error").then(([error]) => Promise.reject(error))]);
  const answer = async () => {
    const { value, done } = await lines.next();
    if (!done) return JSON.parse(value);
    await ended;
    throw new Error(`${python}: ${complaint.trim().split("\n").at(-1) || "ended without a word"}. Set PYTHON to a Python with torch.`);
  };
  ended.catch(() => {}); // reported by answer()
  const { version } = await answer();
  return {
    name: "PyTorch",
    backend: "CPU",
    version,
    steps: (count) => {
      child.stdin.write(`${count}\n`);
      return answer();
    },
    info: async () => ({}),
    close: async () => void child.stdin.end(),
  };
}
