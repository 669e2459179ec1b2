// site.mjs — the site that benchmarks in a browser are served from: our worker, the peers' workers, the step's data. Made in .cache/bench.
// @ts-check
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../install.mjs";
import { runModule } from "../run-module.mjs";

const sources = join(root, "tests/bench/peers");
const cache = join(root, ".cache/bench");
export const site = join(cache, "site");
export const dataFolder = join(site, "data");

/** Our own workers and the data of the reference step. */
export async function buildOurs() {
  rmSync(site, { recursive: true, force: true });
  mkdirSync(dataFolder, { recursive: true });
  writeFileSync(join(site, "blank.html"), "<!doctype html><title>bench</title>\n");
  const losses = await runModule("/tests/bench/peers/data.ts", async ({ peerData }) => {
    const { data, values } = await peerData();
    writeFileSync(join(dataFolder, "data.json"), JSON.stringify(data));
    writeFileSync(join(dataFolder, "values.bin"), values);
    return /** @type {number[]} */ (data.losses);
  });
  await bundle(root, [join(sources, "rankscope.ts")]);
  return losses;
}

/**
 * Installs the peers' packages where they are missing, and bundles them.
 * @returns {Promise<Record<string, string>>} Versions by package. Throws when they cannot be installed.
 */
export async function buildPeers() {
  const workplace = join(cache, "peers");
  mkdirSync(workplace, { recursive: true });
  const wanted = readFileSync(join(sources, "package.json"), "utf8");
  /** @type {Record<string, string>} */
  const versions = JSON.parse(wanted).dependencies;
  const present = Object.entries(versions).every(([name, version]) => {
    const file = join(workplace, "node_modules", name, "package.json");
    return existsSync(file) && JSON.parse(readFileSync(file, "utf8")).version === version;
  });
  for (const name of readdirSync(sources)) if (/\.(js|json)$/.test(name)) cpSync(join(sources, name), join(workplace, name));
  if (!present) {
    console.error("Installing the peers' packages …");
    const { status } = spawnSync("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts"], {
      cwd: workplace,
      stdio: ["ignore", 2, 2],
      shell: process.platform === "win32",
    });
    if (status !== 0) throw new Error(`The peers' packages cannot be installed. Is the registry reachable? Try \`npm install\` in ${workplace}`);
  }
  await bundle(workplace, ["jax", "tfjs"].map((name) => join(workplace, `${name}.js`))); // prettier-ignore
  const wasm = join(workplace, "node_modules/@tensorflow/tfjs-backend-wasm/dist");
  for (const name of readdirSync(wasm)) if (name.endsWith(".wasm")) cpSync(join(wasm, name), join(site, "tfjs-wasm", name));
  return versions;
}

/** Each entry becomes `<name>.js` of the site. */
async function bundle(/** @type {string} */ folder, /** @type {string[]} */ input) {
  const { build } = await import("vite");
  for (const entry of input) {
    await build({
      root: folder,
      configFile: false,
      logLevel: "error",
      base: "./",
      publicDir: false,
      worker: { format: "es" },
      define: { "process.env.NODE_ENV": '"production"' },
      build: {
        outDir: site,
        emptyOutDir: false,
        target: "es2022",
        minify: false, // tfjs starts its threads from the text of its own functions
        assetsInlineLimit: 0,
        chunkSizeWarningLimit: 1e4,
        rolldownOptions: { input: entry, output: { entryFileNames: "[name].js", chunkFileNames: "assets/[name]-[hash].js" } },
      },
    });
  }
}
