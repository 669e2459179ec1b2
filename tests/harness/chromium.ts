// chromium.ts — a real Chromium driven from Node by Playwright, with WebGPU on its software driver.
import { chromium, type Browser } from "playwright";
import { browserFlags, findBrowser } from "../../scripts/find-browser.mjs";

/** Path of the browser that tests use. Throws when there is none. */
export function chromiumPath(): string {
  const path = findBrowser();
  if (!path) throw new Error("No Chrome or Chromium found. `npm test` installs one; or set CHROMIUM to the path of yours.");
  return path;
}

/** Starts it without a window. The caller closes it. */
export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath(), headless: true, args: browserFlags });
}
