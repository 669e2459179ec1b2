// lint.test.ts — the linter reports forbidden import directions and network use, on a small tree of files with the real rules.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "../../scripts/install.mjs";

/** File → its text and the messages expected for it. */
const cases: Record<string, { text: string; messages: string[] }> = {
  "src/engine/imports-ops.ts": { text: `import "../ops/linear.ts";`, messages: ["engine may not import ops. It may import nothing of ours."] },
  "src/ops/reexports-models.ts": { text: `export * from "../models/llama.ts";`, messages: ["ops may not import models. It may import engine."] },
  "src/ops/deep/own-and-below.ts": { text: `import "../linear.ts";\nimport "../../engine/op.ts";\nimport "./a.wgsl?raw";`, messages: [] },
  "src/models/imports-adapters.ts": { text: `import "../adapters/lora.ts";`, messages: ["models may not import adapters. It may import engine, ops."] },
  "src/adapters/imports-models.ts": { text: `import "../models/scope.ts";`, messages: ["adapters may not import models. It may import engine, ops."] },
  "src/data/imports-train.ts": { text: `export const f = () => import("../train/run.ts");`, messages: ["data may not import train."] },
  "src/formats/imports-session.ts": { text: `import type {} from "../session/session.ts";`, messages: ["formats may not import session."] },
  "src/ui/panels/types-of-session.ts": {
    text: `export type S = import("../../session/session.ts").S;`,
    messages: ["ui may not import session. It may import protocol, statistics."],
  },
  "src/ui/panels/protocol.ts": { text: `import "../../protocol.ts";\nimport "../store.ts";\nimport "react";`, messages: [] },
  "src/train/imports-page.ts": { text: `import "react";`, messages: ['"react" is used by ui only, not by train.'] },
  "src/train/imports-tests.ts": { text: `import "../../tests/x.ts";`, messages: ["train may not import from outside src/"] },
  "src/novelty/unknown.ts": { text: `import "../engine/op.ts";`, messages: ["src/novelty is not in the table"] },
  "src/train/fetches.ts": {
    text: `export const a = () => fetch("/x");\nexport const b = () => globalThis.fetch("/x");\nexport const c = () => new WebSocket("/x");`,
    messages: ["fetch: only src/session may use the network.", "fetch: only src/session", "WebSocket: only src/session"],
  },
  "src/session/fetches.ts": { text: `export const a = () => fetch("/x");`, messages: [] },
  "workers/imports-train.ts": { text: `import "../src/train/run.ts";`, messages: ["workers may not import train."] },
};

interface Diagnostic {
  message: string;
  code: string;
  filename: string;
}

let tree: string;
let diagnostics: Diagnostic[];

beforeAll(() => {
  tree = mkdtempSync(join(tmpdir(), "rankscope-lint-"));
  for (const [path, { text }] of Object.entries(cases)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), `${text}\n`);
  }
  for (const name of [".oxlintrc.json", "scripts/lint-directions.mjs"]) cpSync(join(root, name), join(tree, name));
  symlinkSync(join(root, "node_modules"), join(tree, "node_modules"), "junction");
  const { stdout } = spawnSync(process.execPath, [join(root, "node_modules/oxlint/bin/oxlint"), "--format", "json", "src", "workers"], {
    cwd: tree,
    encoding: "utf8",
  });
  diagnostics = JSON.parse(stdout).diagnostics;
});
afterAll(() => rmSync(tree, { recursive: true, force: true }));

test.each(Object.entries(cases))("%s", (path, { messages }) => {
  const found = diagnostics
    .filter(({ filename, code }) => filename.replaceAll("\\", "/") === path && code.startsWith("rankscope"))
    .map(({ message }) => message);
  expect(found).toEqual(messages.map((text) => expect.stringContaining(text)));
});
