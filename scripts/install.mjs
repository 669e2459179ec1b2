// install.mjs — a new enough Node and the packages of package-lock.json, before anything else is imported.
// Needs nothing from node_modules itself.
// @ts-check
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The repository's root folder, without a slash at the end. */
export const root = fileURLToPath(new URL("..", import.meta.url)).replace(/[\\/]$/, "");

const oldest = [20, 19];

/** Ends the process with one line when Node is too old to run the tools. */
export function requireNode(version = process.versions.node) {
  const [major, minor] = version.split(".").map(Number);
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return;
  console.error(`Rankscope needs Node ${oldest.join(".")} or newer, this is ${version}. Get one at https://nodejs.org and run the command again.`);
  process.exit(1);
}

/**
 * Whether node_modules holds what package-lock.json asks for: npm keeps its own list in node_modules/.package-lock.json.
 * Optional packages (binaries of other platforms) may be absent.
 */
export function installed(folder = root) {
  /** @type {Record<string, { version?: string; optional?: boolean; devOptional?: boolean }>} */
  let wanted, present;
  try {
    wanted = JSON.parse(readFileSync(`${folder}/package-lock.json`, "utf8")).packages;
    present = JSON.parse(readFileSync(`${folder}/node_modules/.package-lock.json`, "utf8")).packages;
  } catch {
    return false;
  }
  return Object.entries(wanted).every(([path, entry]) => path === "" || entry.optional || entry.devOptional || present[path]?.version === entry.version);
}

/** `npm ci`, or `npm install` where that fails, when node_modules lacks something. Ends the process when both fail. */
export function installIfNeeded() {
  if (installed()) return;
  console.error("Installing packages (npm ci) …");
  if (npm("ci") || npm("install")) return;
  console.error("Packages could not be installed. Is the network reachable? Run `npm install` to see the whole error.");
  process.exit(1);
}

/** @param {"ci" | "install"} command */
function npm(command) {
  const args = [command, "--include=dev", "--no-audit", "--no-fund"];
  const cli = process.env.npm_execpath; // set by `npm run`: spares the search for npm.cmd on Windows
  const { status } = cli?.endsWith(".js")
    ? spawnSync(process.execPath, [cli, ...args], { cwd: root, stdio: "inherit" })
    : spawnSync("npm", args, { cwd: root, stdio: "inherit", shell: process.platform === "win32" });
  return status === 0;
}
