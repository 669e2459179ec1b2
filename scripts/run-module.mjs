// run-module.mjs — runs a TypeScript module of the project in Node without a build, through vite's module runner (`?raw` shaders, `?url` files).
// @ts-check
import { root } from "./install.mjs";

/**
 * Imports `path` (from the project's root) and gives it to `then`; the server behind it lives until that is done.
 * @template T
 * @param {string} path
 * @param {(module: any) => Promise<T>} then
 * @returns {Promise<T>}
 */
export async function runModule(path, then) {
  const { createServer } = await import("vite");
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
  try {
    const environment = /** @type {import("vite").RunnableDevEnvironment} */ (server.environments.ssr);
    return await then(await environment.runner.import(path));
  } catch (error) {
    if (error instanceof Error) void error.stack; // is written now, while the runner still knows the lines of the sources
    throw error;
  } finally {
    await server.close();
  }
}
