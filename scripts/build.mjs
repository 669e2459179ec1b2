// build.mjs — the production build in dist/, made only when a source is newer than it.
// @ts-check
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { root } from "./install.mjs";

const sources = ["index.html", "package-lock.json", "vite.config.ts", "scripts/content-security-policy.mjs", "public", "src", "workers"];

/** Latest change below a path, in ms. Folders count too: deleting a file changes its folder. */
function newest(/** @type {string} */ path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return 0;
  let latest = stat.mtimeMs;
  if (stat.isDirectory()) for (const name of readdirSync(path)) latest = Math.max(latest, newest(join(path, name)));
  return latest;
}

/** True when there is no finished build or a source changed after it. */
export function stale(folder = root) {
  const built = join(folder, "dist/index.html");
  return !existsSync(built) || Math.max(...sources.map((path) => newest(join(folder, path)))) > statSync(built).mtimeMs;
}

/** Builds into dist/ when needed and returns that folder. Throws when the build fails; its output is then on the screen. */
export function buildIfStale() {
  if (stale()) {
    console.error("Building …");
    const { status } = spawnSync(process.execPath, [join(root, "node_modules/vite/bin/vite.js"), "build", "--logLevel", "warn"], {
      cwd: root,
      stdio: ["ignore", 2, 2],
      env: { ...process.env, NODE_ENV: "production" }, // vitest sets NODE_ENV=test, which would build React's slow development version
    });
    if (status !== 0) throw new Error("The build failed (its output is above). `npm run check` says more about wrong sources.");
  }
  return join(root, "dist");
}
