// scripts.test.ts — the commands themselves: bad options are one clear line, what is missing is noticed.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { stale } from "../../scripts/build.mjs";
import { findBrowser } from "../../scripts/find-browser.mjs";
import { installed, root } from "../../scripts/install.mjs";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "rankscope-scripts-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const node = (...args: string[]) => spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });

test.each([
  [["scripts/start.mjs", "--port", "many"], "--port many: a whole number"],
  [["scripts/start.mjs", "--port", "70000"], "--port 70000: a whole number"],
  [["scripts/start.mjs", "--prot", "1"], "Unknown option '--prot'"],
  [["scripts/test.mjs", "--only", "nodes"], "--only nodes: there is types, lint, format, node, browser, page."],
])("%j is refused with one line", (args, message) => {
  const { status, stderr, stdout } = node(...args);
  expect(status).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toContain(message);
  expect(stderr.trim().split("\n")).toHaveLength(1);
});

test("an old Node is refused with one line", () => {
  const script = (version: string) => node("--input-type=module", "-e", `(await import("./scripts/install.mjs")).requireNode("${version}")`);
  for (const version of ["18.20.4", "20.18.3"]) {
    expect(script(version).status).toBe(1);
    expect(script(version).stderr).toMatch(/^Rankscope needs Node 20\.19 or newer, this is [\d.]+\. .*\n$/);
  }
  for (const version of ["20.19.0", "22.1.0"]) expect(script(version).status).toBe(0);
});

test("packages count as installed only when node_modules holds the versions of the lock file", () => {
  expect(installed(folder)).toBe(false);
  mkdirSync(join(folder, "node_modules"));
  cpSync(join(root, "package-lock.json"), join(folder, "package-lock.json"));
  cpSync(join(root, "node_modules/.package-lock.json"), join(folder, "node_modules/.package-lock.json"));
  expect(installed(folder)).toBe(true);
  const lock = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8"));
  lock.packages["node_modules/react"].version = "0.0.1";
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify(lock));
  expect(installed(folder)).toBe(false);
});

test("the build is stale when a source is newer, new or gone", () => {
  const touch = (path: string, seconds: number) => utimesSync(join(folder, path), seconds, seconds);
  const make = () => {
    for (const path of ["dist", "src/ui"]) mkdirSync(join(folder, path), { recursive: true });
    for (const path of ["dist/index.html", "src/ui/a.ts", "src/ui/b.ts"]) writeFileSync(join(folder, path), "");
    for (const path of ["src/ui/a.ts", "src/ui/b.ts", "src/ui", "src"]) touch(path, 1000);
    touch("dist/index.html", 2000);
  };
  expect(stale(folder)).toBe(true);
  make();
  expect(stale(folder)).toBe(false);
  touch("src/ui/a.ts", 3000);
  expect(stale(folder)).toBe(true);
  make();
  rmSync(join(folder, "src/ui/b.ts"));
  expect(stale(folder)).toBe(true);
});

test("CHROMIUM must name a program", () => {
  const before = process.env.CHROMIUM;
  process.env.CHROMIUM = join(folder, "nowhere");
  try {
    expect(() => findBrowser()).toThrow(/^CHROMIUM=.*nowhere: there is no such program/);
  } finally {
    if (before === undefined) delete process.env.CHROMIUM;
    else process.env.CHROMIUM = before;
  }
});

test("the command line runs TypeScript and raw shaders, also in late imports, and exits with main's code", () => {
  const files = {
    "src/cli/main.ts": `import text from "./a.wgsl?raw";
      export async function main(argv: string[]): Promise<number> {
        const { late } = await import("./late.ts");
        process.stdout.write("x".repeat(1_000_000) + "\\n" + JSON.stringify({ argv, text, late }) + "\\n");
        if (argv[0] === "throw") throw new Error("broken on purpose");
        return 7;
      }`,
    "src/cli/late.ts": `enum Answer { late = "late" } export const late: string = Answer.late;`,
    "src/cli/a.wgsl": "// shader",
  };
  mkdirSync(join(folder, "src/cli"), { recursive: true });
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  for (const name of ["package.json", "package-lock.json", "scripts"]) cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");

  const { status, stdout, stderr } = node(join(folder, "scripts/cli.mjs"), "go", "--fast");
  expect(stderr).toBe("");
  expect(status).toBe(7);
  expect(JSON.parse(stdout.trim().split("\n").at(-1)!)).toEqual({ argv: ["go", "--fast"], text: "// shader", late: "late" });

  const broken = node(join(folder, "scripts/cli.mjs"), "throw");
  expect(broken.status).toBe(1);
  expect(broken.stderr).toMatch(/broken on purpose[^]*main\.ts:5/);
});
