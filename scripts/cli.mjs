// cli.mjs — `npm run -s cli -- <command>`: runs src/cli/main.ts in Node without a build, through vite's module runner
// (TypeScript, `?raw` shaders). Exits with the code that main returns.
// @ts-check
import { installIfNeeded, requireNode } from "./install.mjs";

requireNode();
installIfNeeded();
const { runModule } = await import("./run-module.mjs");
const { vulkanEnvironment } = await import("./find-browser.mjs");
Object.assign(process.env, vulkanEnvironment("gpu"));

let code = 1;
try {
  code = await runModule("/src/cli/main.ts", ({ main }) => main(process.argv.slice(2)));
} catch (error) {
  console.error(error);
}
// Dawn keeps threads alive, so the process must be ended; the empty write waits for what a pipe has not taken yet.
process.stdout.write("", () => process.exit(code));
