// find-browser.mjs — a Chromium on this machine, and the software Vulkan driver (SwiftShader) that lies beside it.
// Tests run on that driver everywhere, so that a machine without a GPU gives the same numbers as one with.
// @ts-check
import { accessSync, constants, existsSync, mkdirSync, readdirSync, realpathSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { root } from "./install.mjs";

/** Flags that give a WebGPU device on the page and in workers without a GPU, and keep the browser off the network. */
export const browserFlags = [
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const commands = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const programs = [process.env.PROGRAMFILES, process.env["PROGRAMFILES(X86)"], process.env.LOCALAPPDATA];
/** @type {Partial<Record<NodeJS.Platform, string[]>>} */
const usual = {
  linux: ["/opt/google/chrome/chrome", "/usr/lib/chromium/chromium", "/snap/bin/chromium"],
  darwin: ["Google Chrome", "Chromium"].flatMap((name) =>
    ["", process.env.HOME ?? ""].map((home) => `${home}/Applications/${name}.app/Contents/MacOS/${name}`),
  ),
  win32: ["Google\\Chrome", "Chromium"].flatMap((name) => programs.map((folder) => `${folder}\\${name}\\Application\\chrome.exe`)),
};

/**
 * Path of a Chrome or Chromium: the environment's CHROMIUM, else the system's, else Playwright's own; undefined: none.
 * Throws when CHROMIUM names no program.
 */
export function findBrowser() {
  const named = process.env.CHROMIUM;
  if (named) {
    if (isProgram(named)) return named;
    throw new Error(`CHROMIUM=${named}: there is no such program. Name a Chrome or Chromium, or unset it to search the usual places.`);
  }
  const ending = process.platform === "win32" ? ".exe" : "";
  const onPath = (process.env.PATH ?? "").split(delimiter).flatMap((folder) => commands.map((command) => join(folder, command + ending)));
  return [...onPath, ...(usual[process.platform] ?? [])].find(isProgram) ?? playwrightBrowser();
}

function isProgram(/** @type {string} */ path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The browser that `npx playwright install chromium` fetched, if it did. */
function playwrightBrowser() {
  try {
    const path = createRequire(import.meta.url)("playwright").chromium.executablePath();
    return isProgram(path) ? /** @type {string} */ (path) : undefined;
  } catch {
    return undefined;
  }
}

/** Path of SwiftShader's Vulkan manifest (vk_swiftshader_icd.json) beside the browser; undefined where there is none. Linux only. */
export function findSwiftShader(browser = findBrowser()) {
  if (process.platform !== "linux") return undefined;
  const beside = browser ? [dirname(realpathSync(browser))] : [];
  const folders = [...beside, "/usr/lib/chromium", "/usr/lib/chromium-browser", "/usr/lib64/chromium-browser", "/opt/google/chrome"];
  return folders.map((folder) => join(folder, "vk_swiftshader_icd.json")).find((path) => existsSync(path));
}

/**
 * Whether Linux shows a GPU and a Vulkan driver for one. Drivers alone prove nothing: distributions install all of Mesa's
 * on machines without any GPU, and Dawn then finds no usable adapter.
 */
export function hasVulkanGpu() {
  const names = (/** @type {string} */ folder) => (existsSync(folder) ? readdirSync(folder) : []);
  const drivers = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d"].flatMap(names).filter((name) => name.endsWith(".json"));
  const devices = [...names("/dev/dri").filter((name) => name.startsWith("renderD")), ...names("/dev").filter((name) => /^(nvidia\d|dxg$)/.test(name))];
  return drivers.length > 0 && devices.length > 0;
}

/**
 * Environment variables that Dawn (npm package `webgpu`) needs in Node, without those that are set already.
 * prefer "gpu": SwiftShader only where there is no GPU. prefer "software": SwiftShader where it exists.
 * @param {"gpu" | "software"} prefer
 * @returns {Record<string, string>} Empty on macOS and Windows, whose own drivers are used.
 */
export function vulkanEnvironment(prefer) {
  /** @type {Record<string, string>} */
  const variables = {};
  if (process.platform !== "linux") return variables;
  // The Vulkan loader complains without a runtime folder; containers rarely have one.
  if (!process.env.XDG_RUNTIME_DIR) {
    variables.XDG_RUNTIME_DIR = join(root, "node_modules/.runtime");
    mkdirSync(variables.XDG_RUNTIME_DIR, { recursive: true, mode: 0o700 });
  }
  if (process.env.VK_ICD_FILENAMES || process.env.VK_DRIVER_FILES || (prefer === "gpu" && hasVulkanGpu())) return variables;
  const driver = findSwiftShader();
  if (driver) variables.VK_ICD_FILENAMES = driver;
  return variables;
}
