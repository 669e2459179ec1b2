// chromium.mjs — a Chromium for measuring, cold: a new profile, every page's timers at full speed.
// @ts-check
import { browserFlags, findBrowser } from "../find-browser.mjs";

const awake = ["--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows"];

/**
 * @param {string | undefined} path Program; default: the one that tests use.
 * @param {{ webgpu?: boolean }} [options] webgpu: false starts it without WebGPU, as on a machine whose driver is blocked.
 * @returns {Promise<import("playwright").Browser>} Throws when there is none.
 */
export async function startChromium(path, { webgpu = true } = {}) {
  const { chromium } = await import("playwright");
  const executablePath = path ?? findBrowser();
  if (!executablePath) throw new Error("No Chrome or Chromium found. Name one with --chrome PATH.");
  const flags = webgpu ? browserFlags : [...browserFlags.filter((flag) => !/webgpu/.test(flag)), "--disable-features=WebGPU", "--disable-gpu"];
  return chromium.launch({ executablePath, headless: true, args: [...flags, ...awake] });
}
