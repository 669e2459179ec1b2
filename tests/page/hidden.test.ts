// hidden.test.ts — a run of the built page in a tab that another covers: it trains on, the title tells how far it is, the screen stays on as long as the tab is
// seen, and a notification comes at the end. The browser's own locks and notifications, listened to.
import { afterAll, beforeAll, expect, test } from "vitest";
import { serveDist } from "../harness/serve.ts";
import { tabs, type Tab, type Tabs } from "../harness/tabs.ts";

let browser: Tabs;
let host: Awaited<ReturnType<typeof serveDist>>;
beforeAll(async () => {
  host = await serveDist();
  browser = await tabs();
});
afterAll(async () => {
  await browser?.close();
  await host?.close();
});

const listen = `
  window.locks = [];
  window.notices = [];
  const { wakeLock } = navigator;
  const request = wakeLock.request.bind(wakeLock);
  wakeLock.request = async (type) => {
    const lock = await request(type);
    locks.push(lock);
    return lock;
  };
  window.Notification = class extends Notification {
    constructor(title, options) {
      super(title, options);
      notices.push(title + ": " + options.body);
    }
  };
`;
const hash = "#train.steps=150&train.eval_every=0&train.samples_every=0&train.eval_rows=2&train.batch_size=2&target_modules=v_proj";
const title = (tab: Tab) => tab.evaluate<string>("document.title");
const step = async (tab: Tab): Promise<number> => Number(/^(\d+)\/150 /.exec(await title(tab))?.[1] ?? 0);
const seen = (tab: Tab) => tab.evaluate<string>("document.visibilityState");
const held = (tab: Tab) => tab.evaluate<boolean[]>("locks.map((lock) => !lock.released)");
const press = (tab: Tab, selector: string) => tab.evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`);
const there = (tab: Tab, selector: string) =>
  expect.poll(() => tab.evaluate(`document.querySelector(${JSON.stringify(selector)}) !== null`), { timeout: 60_000 }).toBe(true);

test("a hidden tab trains on and tells when it is done", async () => {
  const tab = await browser.open(`${host.url}?backend=wasm${hash}`, { permissions: ["notifications", "wakeLockScreen"], before: listen });
  await there(tab, "[data-testid=train]:enabled");
  expect(await held(tab)).toEqual([]);
  await press(tab, "[data-testid=train]");
  await there(tab, ".run .check input");
  await press(tab, ".run .check input");
  await expect.poll(() => step(tab), { timeout: 60_000 }).toBeGreaterThan(0);
  expect(await title(tab)).toContain("/150 training · Rankscope");
  await expect.poll(() => held(tab)).toEqual([true]);

  const other = await browser.open("about:blank");
  await expect.poll(() => seen(tab)).toBe("hidden");
  const before = await step(tab);
  await expect.poll(() => step(tab), { timeout: 30_000 }).toBeGreaterThan(before + 10);
  await expect.poll(() => held(tab)).toEqual([false]);

  await tab.toFront();
  await expect.poll(() => held(tab)).toEqual([false, true]);
  await other.toFront();
  await expect.poll(() => tab.evaluate("notices"), { timeout: 120_000 }).toEqual([expect.stringMatching(/^Rankscope: .+: finished$/)]);
  expect(await seen(tab)).toBe("hidden");
  await tab.toFront();
  await expect.poll(() => title(tab)).toBe("Rankscope");
  // The run is over: the screen may go off.
  expect(await held(tab)).toEqual([false, false]);
});

test("a comparison that ends in a hidden tab is told too", async () => {
  const settings = "#data.limit=24&train.steps=2&train.batch_size=2&train.eval_rows=4&train.warmup_steps=0&train.eval_every=0";
  const tab = await browser.open(`${host.url}?page=compare&backend=wasm${settings}`, { permissions: ["notifications", "wakeLockScreen"], before: listen });
  await there(tab, "[data-testid=new-comparison]:enabled");
  await press(tab, "[data-testid=new-comparison]");
  await there(tab, "[data-testid=start-comparison]:enabled");
  await press(tab, "[data-testid=start-comparison]");
  await there(tab, ".comparison-go .check input");
  await tab.evaluate(`{ const box = document.querySelector(".comparison-go .check input"); if (!box.checked) box.click(); }`);
  await expect.poll(() => title(tab), { timeout: 60_000 }).toMatch(/^[1-9]\d*\/25 runs · Rankscope$/);
  await browser.open("about:blank");
  await expect.poll(() => seen(tab)).toBe("hidden");
  await press(tab, "[data-testid=stop-comparison]");
  await expect.poll(() => tab.evaluate("notices"), { timeout: 60_000 }).toEqual([expect.stringMatching(/^Rankscope: .+: [1-9]\d* of 25 runs are there$/)]);
  await tab.toFront();
  await expect.poll(() => title(tab)).toBe("Compare · Rankscope");
});
