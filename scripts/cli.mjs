// cli.mjs — `npm run -s cli -- <command>`: runs src/cli/main.ts in Node without a build, through vite's module runner
// (TypeScript, `?raw` shaders). Exits with the code that main returns.
// @ts-check
import { installIfNeeded, requireNode, root } from "./install.mjs";

requireNode();
installIfNeeded();
const { createServer } = await import("vite");
const { vulkanEnvironment } = await import("./find-browser.mjs");
Object.assign(process.env, vulkanEnvironment("gpu"));

// A whole server and not `runnerImport`, which closes its environment at once: later `import()`s would fail.
const server = await createServer({
  root,
  configFile: false,
  logLevel: "error",
  appType: "custom",
  cacheDir: "node_modules/.vite-cli",
  server: { middlewareMode: true, ws: false, hmr: false, watch: null },
  optimizeDeps: { noDiscovery: true },
});
let code = 1;
try {
  const environment = /** @type {import("vite").RunnableDevEnvironment} */ (server.environments.ssr);
  const { main } = await environment.runner.import("/src/cli/main.ts");
  code = await main(process.argv.slice(2));
} catch (error) {
  console.error(error);
}
await server.close();
// Dawn keeps threads alive, so the process must be ended; the empty write waits for what a pipe has not taken yet.
process.stdout.write("", () => process.exit(code));
