// backends.test.ts — where the built page computes: by itself on wasm without WebGPU or on a software driver, in threads where the host isolates
// the page, in one thread on a host that sends no headers; and on WebGPU where the address says so.

import { readFile } from "node:fs/promises";
import { chromium, type Browser } from "playwright";
import { afterEach, expect, test } from "vitest";
import { browserFlags } from "../../scripts/find-browser.mjs";
import { readZip } from "../../src/formats/zip.ts";
import type { TrainEvent } from "../../src/protocol.ts";
import { chromiumPath } from "../harness/chromium.ts";
import { serveDist } from "../harness/serve.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const o of open.splice(0).reverse()) await o.close();
});

const withoutWebGpu = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-features=WebGPU"];

/** Trains two steps and returns the run's plan event, and what the page complained of. */
async function plan(flags: readonly string[], search: string, headers?: Record<string, string>) {
  const browser: Browser = await chromium.launch({ executablePath: chromiumPath(), headless: true, args: [...flags] });
  const host = await serveDist({ base: "/some/path/", ...(headers ? { headers } : {}) });
  open.push(browser, host);
  const page = await browser.newPage({ acceptDownloads: true });
  const problems: string[] = [];
  const requests: string[] = [];
  page.on("console", (m) => m.type() === "error" && problems.push(m.text()));
  page.on("pageerror", (e) => problems.push(String(e)));
  browser.contexts()[0].on("request", (r) => requests.push(r.url()));
  await page.goto(`${host.url}${search}#train.steps=2&train.eval_every=0&train.samples_every=0&train.eval_rows=4&train.batch_size=1&data.limit=40`);
  await page.getByTestId("train").and(page.locator(":enabled")).waitFor();
  const before = requests.filter((url) => url.endsWith(".wasm"));
  await page.getByTestId("train").click();
  await expect.poll(() => page.getByTestId("step-value").textContent(), { timeout: 200_000, interval: 250 }).toBe("2");
  await expect.poll(() => page.getByTestId("train").isEnabled(), { timeout: 120_000 }).toBe(true);
  const download = page.waitForEvent("download");
  await page.getByTestId("export").click();
  const files = await readZip(new Uint8Array(await readFile(await (await download).path())));
  const lines = new TextDecoder().decode(files.get("events.jsonl")).trim().split("\n");
  const event = lines.map((line) => JSON.parse(line) as TrainEvent).find((e) => e.type === "plan")!;
  return { event, problems, before, origin: new URL(host.url).origin, requests };
}

test("without WebGPU: wasm, threads, from our own origin, not before it is needed", async () => {
  const { event, problems, before, origin, requests } = await plan(withoutWebGpu, "");
  expect(event).toMatchObject({ backend: "wasm", adapterName: expect.stringMatching(/wasm, \d+ threads$/) });
  expect(before).toEqual([]);
  expect(requests.filter((url) => !url.startsWith(origin))).toEqual([]);
  expect(problems).toEqual([]);
});

test("a host without headers: one thread", async () => {
  const { event, problems } = await plan(withoutWebGpu, "", {});
  expect(event).toMatchObject({ backend: "wasm", adapterName: expect.stringMatching(/wasm, 1 thread$/) });
  expect(problems).toEqual([]);
});

test("a host without headers, after the visitor asked for all cores: isolated, nothing else changes", async () => {
  const browser = await chromium.launch({ executablePath: chromiumPath(), headless: true, args: withoutWebGpu });
  const host = await serveDist({ base: "/some/path/", headers: {} });
  open.push(browser, host);
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on("console", (m) => m.type() === "error" && problems.push(m.text()));
  await page.goto(`${host.url}?page=device`);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
  await page.getByTestId("isolate").click();
  await page.waitForFunction(() => crossOriginIsolated, null, { timeout: 30_000 });
  await page.getByText("Device", { exact: true }).first().waitFor();
  expect(await page.getByTestId("isolate").count()).toBe(0);
  expect(problems).toEqual([]);
});

test("WebGPU by software: wasm by itself, WebGPU where the address says so", async () => {
  expect((await plan(browserFlags, "")).event).toMatchObject({ backend: "wasm" });
  expect((await plan(browserFlags, "?backend=webgpu")).event).toMatchObject({ backend: "webgpu" });
});
