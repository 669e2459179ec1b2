// static.test.ts — the production build on two hosts: a plain one that sends no headers, under a path, and our own server.
import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch } from "../harness/chromium.ts";
import { serveDist } from "../harness/serve.ts";

let browser: Browser;
beforeAll(async () => void (browser = await launch()));
afterAll(() => browser?.close());

/** Opens the page and waits until it shows something. Returns it with everything that went wrong so far. */
async function open(url: string): Promise<{ page: Page; problems: string[] }> {
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("response", (response) => {
    if (response.status() >= 400) problems.push(`${response.status()} ${response.url()}`);
  });
  await page.goto(url, { waitUntil: "networkidle" });
  await page.locator("#root > *").first().waitFor();
  return { page, problems };
}

/** What the page may not do although the network would let it. Chromium reports the directive that forbade it. */
const forbidden: [directive: string, attempt: (other: string) => void][] = [
  ["connect-src", (other) => void fetch(other).catch(() => {})],
  ["img-src", (other) => void (new Image().src = other)],
  ["script-src-elem", () => void document.head.appendChild(Object.assign(document.createElement("script"), { textContent: "window.broken = 1" }))],
  ["worker-src", () => void new Worker(URL.createObjectURL(new Blob(["0"])))],
];

test("under a path of a host without headers: no errors, and only what the policy allows", async () => {
  const host = await serveDist({ base: "/some/where/", headers: {} });
  const other = await serveDist();
  try {
    const { page, problems } = await open(host.url);
    expect(problems).toEqual([]);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
    for (const [directive, attempt] of forbidden) {
      const violated = page.evaluate(
        () => new Promise((resolve) => document.addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective), { once: true })),
      );
      await page.evaluate(`(${attempt.toString()})(${JSON.stringify(other.url)})`).catch(() => {}); // a forbidden worker throws
      expect(await violated).toBe(directive);
    }
    await page.close();
  } finally {
    await host.close();
    await other.close();
  }
});

test("on our own server: no errors, cross-origin isolated", async () => {
  const host = await serveDist();
  try {
    const { page, problems } = await open(host.url);
    expect(problems).toEqual([]);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    await page.close();
  } finally {
    await host.close();
  }
});
