// test.mjs — `npm test`: installs what is missing, then types, lint, format and all tests. The last line sums them up.
//   npm test [-- [--only types,lint,format,node,browser,page] [file pattern …]]
// A file pattern without --only runs the tests alone, not the checks.
// @ts-check
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as util from "node:util"; // as a namespace: an old Node without parseArgs must reach requireNode
import { installIfNeeded, requireNode, root } from "./install.mjs";

/** @typedef {{ passed: number; failed: number; skipped: number }} Count */

/** @type {Record<string, string[]>} Check → program and arguments. Each counts as one. */
const checks = {
  types: ["node_modules/typescript/bin/tsc", "--noEmit"],
  lint: ["node_modules/oxlint/bin/oxlint", "--deny-warnings"],
  format: ["node_modules/prettier/bin/prettier.cjs", "--check", "--log-level", "warn", "."],
};
const projects = ["node", "browser", "page"];

requireNode();
const { only, patterns } = options();
installIfNeeded();
const browser = await installBrowser();
const temporary = mkdtempSync(join(tmpdir(), "rankscope-test-"));

/** @type {Count} */
const total = { passed: 0, failed: 0, skipped: 0 };
for (const name of only) {
  console.log(`\n── ${name}`);
  const count = name in checks ? check(name) : tests(name);
  for (const key of /** @type {const} */ (["passed", "failed", "skipped"])) total[key] += count[key];
}
if (total.passed + total.failed + total.skipped === 0) {
  console.log(`✗ no test file matches ${patterns.join(" ")}`);
  total.failed = 1;
}
rmSync(temporary, { recursive: true, force: true });
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed > 0 ? 1 : 0);

function options() {
  const all = [...Object.keys(checks), ...projects];
  try {
    const { values, positionals } = util.parseArgs({ options: { only: { type: "string" } }, allowPositionals: true });
    const only = values.only?.split(",") ?? (positionals.length > 0 ? projects : all);
    const wrong = only.find((name) => !all.includes(name));
    if (wrong !== undefined) throw new Error(`--only ${wrong}: there is ${all.join(", ")}.`);
    return { only, patterns: positionals };
  } catch (error) {
    console.error(`${/** @type {Error} */ (error).message} Usage: npm test -- [--only ${all.join(",")}] [file pattern …]`);
    process.exit(2);
  }
}

/** @param {string} program a script of a package @param {string[]} args */
function run(program, ...args) {
  return spawnSync(process.execPath, [program, ...args], { cwd: root, stdio: "inherit" }).status ?? 1;
}

/** @param {string} name @returns {Count} */
function check(name) {
  const failed = run(checks[name][0], ...checks[name].slice(1)) === 0 ? 0 : 1;
  console.log(failed ? `✗ ${name} failed` : `✓ ${name}`);
  return { passed: 1 - failed, failed, skipped: 0 };
}

/** One vitest project. What vitest counts nowhere (a file that cannot be loaded, an error outside of any test) counts as one failure. */
function tests(/** @type {string} */ project) {
  if (project !== "node" && !browser) {
    console.log(`✗ ${project}: no Chrome or Chromium was found and none could be installed. Set CHROMIUM to the path of one.`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const report = join(temporary, `${project}.json`);
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const status = run("node_modules/vitest/vitest.mjs", "run", "--project", project, ...reporters, ...patterns);
  return tally(status, existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : undefined);
}

/** @returns {Count} */
function tally(/** @type {number} */ status, /** @type {any} */ report) {
  if (!report) return { passed: 0, failed: status === 0 ? 0 : 1, skipped: 0 };
  const unloaded = report.testResults.filter((/** @type {any} */ file) => file.status === "failed" && file.assertionResults.length === 0).length;
  const failed = report.numFailedTests + unloaded;
  return {
    passed: report.numPassedTests,
    failed: status !== 0 ? Math.max(failed, 1) : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** Path of a browser; installs one where there is none, and the Vulkan loader that WebGPU in Node needs. Undefined: not possible here. */
async function installBrowser() {
  const { findBrowser } = await import("./find-browser.mjs");
  try {
    findBrowser(); // a CHROMIUM that names no file must be said before anything is installed
  } catch (error) {
    console.error(/** @type {Error} */ (error).message);
    process.exit(2);
  }
  const debian = process.getuid?.() === 0 && existsSync("/etc/os-release") && /^ID=debian$/m.test(readFileSync("/etc/os-release", "utf8"));
  if (debian) {
    const packages = [...(findBrowser() ? [] : ["chromium"]), ...(hasVulkanLoader() ? [] : ["libvulkan1"])];
    if (packages.length > 0) {
      console.error(`Installing ${packages.join(" and ")} (apt-get) …`);
      const apt = (/** @type {string[]} */ ...args) =>
        spawnSync("apt-get", args, { stdio: ["ignore", 2, 2], env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } }).status === 0;
      if (!apt("update") || !apt("install", "-y", "--no-install-recommends", ...packages)) console.error("apt-get failed.");
    }
  }
  if (!findBrowser() && only.some((name) => name === "browser" || name === "page")) {
    console.error("Installing Playwright's Chromium …");
    const playwright = (/** @type {string[]} */ ...args) => run("node_modules/playwright/cli.js", "install", ...args, "chromium");
    if (process.platform === "linux" && process.getuid?.() === 0) playwright("--with-deps"); // its libraries, where the system is one Playwright knows
    if (!findBrowser()) playwright();
  }
  return findBrowser();
}

/** Whether Dawn would find libvulkan.so.1. */
function hasVulkanLoader() {
  const { stdout } = spawnSync("ldconfig", ["-p"], { encoding: "utf8", env: { ...process.env, PATH: `${process.env.PATH}:/sbin:/usr/sbin` } });
  return /\blibvulkan\.so\.1\b/.test(stdout ?? "");
}
