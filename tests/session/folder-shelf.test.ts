// folder-shelf.test.ts — who holds a run's folder: a process that has crashed and its number been given anew, another user's, many at once.
import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { transformWithOxc } from "vite";
import { folderShelf } from "../../src/session/folder-shelf.ts";

const root = mkdtempSync(join(tmpdir(), "rankscope-held-"));
const shelf = folderShelf(root);
const left = (id: string, content: string): void => {
  mkdirSync(join(root, id));
  writeFileSync(join(root, id, ".held"), content);
};
const SOURCE = new URL("../../src/session/folder-shelf.ts", import.meta.url).pathname;
/** Tries to hold folders, one every 20 ms from a moment on; prints which it got, and lives for a second more. */
const CHILD = `
import { folderShelf } from "./folder-shelf.mjs";
const [, , from, ...ids] = process.argv;
const shelf = folderShelf(import.meta.dirname);
const got = [];
for (const [i, id] of ids.entries()) {
  while (Date.now() < Number(from) + 20 * i);
  if (await shelf.hold(id)) got.push(id);
}
console.log(JSON.stringify(got));
setTimeout(() => {}, 1000);
`;
const child = (from: number, ids: readonly string[], user: object = {}): Promise<string[]> =>
  new Promise((resolve, reject) =>
    execFile(process.execPath, [join(root, "child.mjs"), String(from), ...ids], user, (e, out) => (e ? reject(e) : resolve(JSON.parse(out) as string[]))),
  );

beforeAll(async () => {
  chmodSync(root, 0o777);
  writeFileSync(join(root, "folder-shelf.mjs"), (await transformWithOxc(readFileSync(SOURCE, "utf8"), SOURCE)).code);
  writeFileSync(join(root, "child.mjs"), CHILD);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

test("what a crash has left holds nothing, also where its number is this process's now", async () => {
  left("same", String(process.pid));
  left("gone", "999999999");
  expect([...(await shelf.held())]).toEqual([]);
  for (const id of ["same", "gone"]) {
    const release = (await shelf.hold(id))!;
    expect(await folderShelf(root).hold(id)).toBeNull();
    expect([...(await shelf.held())]).toEqual([id]);
    release();
    expect([...(await shelf.held())]).toEqual([]);
  }
});

test("another user's process that runs holds", async () => {
  const isRoot = process.getuid!() === 0;
  left("others", String(isRoot ? process.pid : 1));
  chmodSync(join(root, "others"), 0o777);
  expect(await child(0, ["others"], isRoot ? { uid: 65534, gid: 65534 } : {})).toEqual([]);
});

test("of processes that begin at once one holds", async () => {
  const ids = Array.from({ length: 30 }, (_, i) => `at once ${i}`);
  const from = Date.now() + 1500;
  const got = await Promise.all([child(from, ids), child(from, ids), child(from, ids)]);
  expect(got.flat().sort()).toEqual([...ids].sort());
});
