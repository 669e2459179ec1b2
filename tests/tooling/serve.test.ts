// serve.test.ts — the static server: types, headers, ports, and nothing from outside of its folder.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serve } from "../../scripts/serve.mjs";

const folder = mkdtempSync(join(tmpdir(), "rankscope-serve-"));
let server: Awaited<ReturnType<typeof serve>>;

beforeAll(async () => {
  mkdirSync(join(folder, "dist/models"), { recursive: true });
  writeFileSync(join(folder, "secret.txt"), "secret");
  writeFileSync(join(folder, "dist/index.html"), "<!doctype html>page");
  writeFileSync(join(folder, "dist/a b.json"), "{}");
  writeFileSync(join(folder, "dist/x.wasm"), "");
  writeFileSync(join(folder, "dist/models/model.safetensors"), new Uint8Array(100_000).fill(7));
  symlinkSync(join(folder, "secret.txt"), join(folder, "dist/link.txt"));
  server = await serve(join(folder, "dist"));
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Status line and body of a request whose path is sent as it is: fetch would resolve the dots. */
function raw(path: string, method = "GET"): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(server.port, "127.0.0.1")
      .on("data", (bytes) => (answer += bytes))
      .on("close", () => resolve(answer))
      .on("error", reject);
    socket.write(`${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  });
}

test("serves the page, isolated and under the policy", async () => {
  const response = await fetch(server.url);
  expect(await response.text()).toBe("<!doctype html>page");
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "text/html; charset=utf-8",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "content-security-policy": expect.stringContaining("script-src 'self' 'wasm-unsafe-eval'"),
  });
});

test.each([
  ["a%20b.json?x=1", "application/json; charset=utf-8"],
  ["x.wasm", "application/wasm"],
  ["models/model.safetensors", "application/octet-stream"],
])("%s is %s", async (path, type) => {
  const response = await fetch(server.url + path);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe(type);
});

test("sends large files whole, and only their size for HEAD", async () => {
  const url = `${server.url}models/model.safetensors`;
  expect(new Uint8Array(await (await fetch(url)).arrayBuffer())).toEqual(new Uint8Array(100_000).fill(7));
  const head = await fetch(url, { method: "HEAD" });
  expect(head.headers.get("content-length")).toBe("100000");
  expect((await head.arrayBuffer()).byteLength).toBe(0);
});

test.each([
  "/../secret.txt",
  "/models/../../secret.txt",
  "/%2e%2e/secret.txt",
  "/..%2fsecret.txt",
  "/..\\secret.txt",
  "//secret.txt",
  "/link.txt",
  "/%00",
  "/%zz",
])("%s gives nothing from outside", async (path) => {
  const answer = await raw(path);
  expect(answer).toMatch(/^HTTP\/1\.1 404 /);
  expect(answer).not.toContain("secret");
});

test("reads only", async () => {
  expect(await raw("/index.html", "DELETE")).toMatch(/^HTTP\/1\.1 405 /);
});

test("takes the next free port, and says when there is none", async () => {
  const next = await serve(folder, { port: server.port, tries: 20 });
  expect(next.port).toBeGreaterThan(server.port);
  await next.close();
  await expect(serve(folder, { port: server.port })).rejects.toThrow("EADDRINUSE");
});

test("serves under a path, without headers, as a plain static host does", async () => {
  const plain = await serve(join(folder, "dist"), { base: "/some/where/", headers: {} });
  const response = await fetch(plain.url);
  expect(response.status).toBe(200);
  expect(response.headers.get("cross-origin-opener-policy")).toBeNull();
  expect((await fetch(new URL("/index.html", plain.url))).status).toBe(404);
  await plain.close();
});
