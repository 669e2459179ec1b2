// serve.mjs — a small static file server for the built page, on the loopback address only.
// @ts-check
import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, sep } from "node:path";
import { pipeline } from "node:stream";
import { contentSecurityPolicy, isolationHeaders } from "./content-security-policy.mjs";

/** @type {Record<string, string>} Everything else (safetensors, gguf …) is application/octet-stream. */
const types = {
  ".css": "text/css; charset=utf-8",
  ".csv": "text/csv; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".jsonl": "application/x-ndjson; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};

/**
 * Serves `folder` at http://127.0.0.1:port/base.
 * @param {string} folder
 * @param {{ port?: number; tries?: number; base?: string; headers?: Record<string, string> }} [options]
 *   port: 0 takes any free one; tries: how many ports to try upwards from it; base: path prefix, with slashes at both ends;
 *   headers: in place of the isolation and policy headers ({} imitates the plainest static host).
 * @returns {Promise<{ url: string; port: number; close: () => Promise<void> }>} Rejects when no port is free.
 */
export async function serve(folder, { port = 0, tries = 1, base = "/", headers } = {}) {
  const top = await realpath(folder);
  const sent = headers ?? { ...isolationHeaders, "Content-Security-Policy": contentSecurityPolicy };
  const server = createServer(async (request, response) => {
    const plain = (/** @type {number} */ status, /** @type {string} */ text) =>
      response.writeHead(status, { ...sent, "Content-Type": "text/plain; charset=utf-8" }).end(`${text}\n`);
    if (request.method !== "GET" && request.method !== "HEAD") return plain(405, "Only GET and HEAD.");
    const file = await find(top, base, request.url ?? "/");
    if (!file) return plain(404, "Not found.");
    response.writeHead(200, {
      ...sent,
      "Content-Type": types[extname(file.path).toLowerCase()] ?? "application/octet-stream",
      "Content-Length": file.bytes,
      "Cache-Control": "no-cache",
      "X-Content-Type-Options": "nosniff",
    });
    if (request.method === "HEAD") response.end();
    else pipeline(createReadStream(file.path), response, () => {}); // a reader that goes away is no error of ours
  });
  for (let attempt = 0; ; attempt++) {
    try {
      await listen(server, port === 0 ? 0 : port + attempt);
      break;
    } catch (error) {
      const taken = /** @type {NodeJS.ErrnoException} */ (error).code === "EADDRINUSE";
      if (!taken || attempt + 1 >= tries || port + attempt + 1 > 65535) throw error;
    }
  }
  const bound = /** @type {import("node:net").AddressInfo} */ (server.address()).port;
  return {
    url: `http://127.0.0.1:${bound}${base}`,
    port: bound,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The file that a request means, or undefined: outside of `top` (also through .. or a link), missing, or badly encoded. */
async function find(/** @type {string} */ top, /** @type {string} */ base, /** @type {string} */ url) {
  try {
    const path = decodeURIComponent(url.split(/[?#]/, 1)[0]);
    if (!path.startsWith(base)) return;
    let file = await realpath(join(top, path.slice(base.length)));
    if (file === top || (await stat(file)).isDirectory()) file = await realpath(join(file, "index.html"));
    const found = await stat(file);
    return file.startsWith(top + sep) && found.isFile() ? { path: file, bytes: found.size } : undefined;
  } catch {
    return;
  }
}

/** @param {import("node:http").Server} server @param {number} port @returns {Promise<void>} */
function listen(server, port) {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
}
