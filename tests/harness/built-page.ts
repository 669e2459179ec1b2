// built-page.ts — the built page in a real Chromium, for the page tests of one file: browser and server come and go with the file.
import type { Browser, BrowserContextOptions, Page } from "playwright";
import { afterAll, beforeAll } from "vitest";
import { launch } from "./chromium.ts";
import { serveDist } from "./serve.ts";

export interface Opened {
  page: Page;
  /** Errors and warnings on the console, and errors nobody caught, as they come. */
  said: string[];
}

/**
 * Returns what opens an address of the page ("?page=device#r=4") in a context of its own. from: another browser than the file's.
 * Contexts that a test does not close go with their browser.
 */
export function builtPage(): (address?: string, options?: BrowserContextOptions & { from?: Browser }) => Promise<Opened> {
  let browser: Browser;
  let host: Awaited<ReturnType<typeof serveDist>>;
  beforeAll(async () => {
    browser = await launch();
    host = await serveDist();
  });
  afterAll(async () => {
    await browser?.close();
    await host?.close();
  });
  return async (address = "", { from = browser, ...options } = {}) => {
    const context = await from.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const page = await context.newPage();
    const said: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") said.push(message.text());
    });
    page.on("pageerror", (error) => said.push(String(error)));
    await page.goto(host.url + address);
    return { page, said };
  };
}
