// start.mjs — `npm start`: from a fresh clone to the open page. Installs, builds and serves, each only where needed.
//   npm start -- [--port N] [--no-open]
// @ts-check
import { spawn } from "node:child_process";
import * as util from "node:util"; // as a namespace: an old Node without parseArgs must reach requireNode
import { installIfNeeded, requireNode } from "./install.mjs";
import { buildIfStale } from "./build.mjs";
import { serve } from "./serve.mjs";

requireNode();
const { port, open } = options();
installIfNeeded();
try {
  const server = await serve(buildIfStale(), { port, tries: 50 });
  if (port !== 0 && server.port !== port) console.log(`Port ${port} is taken, ${server.port} is free.`);
  console.log(`Rankscope: ${server.url}   (Ctrl-C ends it)`);
  if (open) openBrowser(server.url);
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.close().then(() => process.exit(0)));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

function options() {
  try {
    const { values } = util.parseArgs({ options: { port: { type: "string", default: "4173" }, "no-open": { type: "boolean", default: false } } });
    const port = Number(values.port);
    if (!/^\d+$/.test(values.port) || port > 65535) throw new Error(`--port ${values.port}: a whole number from 0 (any free port) to 65535 is needed.`);
    return { port, open: !values["no-open"] };
  } catch (error) {
    console.error(`${/** @type {Error} */ (error).message} Usage: npm start -- [--port N] [--no-open]`);
    process.exit(2);
  }
}

/** Asks the desktop to show the page. A machine without one is no error: the URL is printed. */
function openBrowser(/** @type {string} */ url) {
  /** @type {Partial<Record<NodeJS.Platform, string[]>>} */
  const commands = { darwin: ["open", url], win32: ["cmd", "/c", "start", "", url] };
  const [command, ...args] = commands[process.platform] ?? ["xdg-open", url];
  spawn(command, args, { stdio: "ignore", detached: true })
    .on("error", () => {})
    .unref();
}
