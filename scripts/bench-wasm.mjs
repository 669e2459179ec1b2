// bench-wasm.mjs — the measurements behind docs/decisions on the wasm backend: `node scripts/bench-wasm.mjs [threads … | webgpu | alternatives]`. Runs tests/bench/wasm.ts.
// @ts-check
import { createServer } from "vite";
import { vulkanEnvironment } from "./find-browser.mjs";
import { root } from "./install.mjs";

Object.assign(process.env, vulkanEnvironment("software"));
const server = await createServer({
  root,
  configFile: false,
  logLevel: "error",
  appType: "custom",
  cacheDir: "node_modules/.vite-cli",
  server: { middlewareMode: true, ws: false, hmr: false, watch: null },
  optimizeDeps: { noDiscovery: true },
});
const environment = /** @type {import("vite").RunnableDevEnvironment} */ (server.environments.ssr);
const { main } = await environment.runner.import("/tests/bench/wasm.ts");
await main(process.argv.slice(2));
await server.close();
process.exit(0);
