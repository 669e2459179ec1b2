// shortcuts.json and shortcuts.safetensors: what is written comes back, and whatever else lies there is one error with a place and a remedy.

import { describe, expect, test } from "vitest";
import { FormatError } from "../../src/formats/error.ts";
import { writeSafetensors } from "../../src/formats/safetensors.ts";
import { type ShortcutsSpec, readShortcuts, writeShortcuts } from "../../src/formats/shortcuts.ts";

const numbers = (n: number, from = 0): Float32Array => Float32Array.from({ length: n }, (_, i) => from + i / 8);
const spec: ShortcutsSpec = {
  baseModel: "bundled:tiny",
  taskType: "SEQ_CLS",
  modelType: "bert",
  form: "norm",
  shortcuts: [
    { path: "bert.encoder.layer.0.residual_1", r: 3, alpha: 6, in: 8, out: 8, A: numbers(24), B: numbers(24, 9) },
    { path: "bert.encoder.layer.1.shortcut_ffn", r: 2, alpha: 4, in: 8, out: 8, A: numbers(16, 1), B: numbers(16, 2) },
  ],
  adapter: false,
  saved: [{ name: "classifier.weight", shape: [2, 8], data: numbers(16, 5) }],
};
const written = writeShortcuts(spec);
const files = (changes: { json?: (json: Record<string, any>) => void; tensors?: Uint8Array | null } = {}) => { // eslint-disable-line typescript/no-explicit-any
  const json = JSON.parse(written["shortcuts.json"]) as Record<string, unknown>;
  changes.json?.(json);
  return new Map<string, Uint8Array>([
    ["shortcuts.json", new TextEncoder().encode(JSON.stringify(json))],
    ...(changes.tensors === null ? [] : [["shortcuts.safetensors", changes.tensors ?? written["shortcuts.safetensors"]] as const]),
  ]);
}; // prettier-ignore

test("what is written comes back", async () => {
  const { form, modules, saved } = await readShortcuts(files());
  expect(form).toBe("norm");
  expect([...modules.keys()]).toEqual(spec.shortcuts.map((s) => s.path));
  for (const { path, r, alpha, A, B } of spec.shortcuts) {
    expect(modules.get(path)).toMatchObject({ r, alpha, scale: alpha / r });
    expect(modules.get(path)!.A).toEqual({ shape: [r, 8], data: A });
    expect(modules.get(path)!.B).toEqual({ shape: [8, r], data: B });
  }
  expect(saved.get("classifier.weight")).toEqual({ shape: [2, 8], data: spec.saved[0].data });
});

const site = "bert.encoder.layer.0.residual_1";
const tensor = (name: string, shape: number[]) => ({ name, shape, data: numbers(shape.reduce((a, b) => a * b, 1)) });
const pair = (path: string, r: number) => [tensor(`${path}.proj_A.weight`, [r, 8]), tensor(`${path}.proj_B.weight`, [8, r])];
const all = [...pair(site, 3), ...pair("bert.encoder.layer.1.shortcut_ffn", 2), tensor("classifier.weight", [2, 8])];

describe("refused", () => {
  test.each<[string, Parameters<typeof files>[0], RegExp]>([
    ["another format", { json: (j) => (j.format = "peft") }, /shortcuts\.json, format: "peft" is not "rankscope-shortcuts-1"/],
    ["a form nobody knows", { json: (j) => (j.form = "post") }, /shortcuts\.json, form: is not one of plain, norm/],
    ["a list of places", { json: (j) => (j.shortcuts = []) }, /shortcuts\.json, shortcuts: is no object of places/],
    ["no list of what is whole", { json: (j) => (j.saved = [1]) }, /shortcuts\.json, saved: is no list of names/],
    ["a place that is null", { json: (j) => (j.shortcuts[site] = null) }, /residual_1": r is no whole number above 0/],
    ["rank 0", { json: (j) => (j.shortcuts[site].r = 0) }, /r is no whole number above 0/],
    ["rank 2.5", { json: (j) => (j.shortcuts[site].r = 2.5) }, /r is no whole number above 0/],
    ["alpha as text", { json: (j) => (j.shortcuts[site].alpha = "4") }, /alpha is no number above 0/],
    ["a rank that is not the file's", { json: (j) => (j.shortcuts[site].r = 4) }, /residual_1": A is \(3, 8\) and B \(8, 3\), its rank is 4/],
    ["a place without tensors", { json: (j) => (j.shortcuts["bert.encoder.layer.9.residual_1"] = { r: 1, alpha: 1 }) }, /layer\.9\.residual_1\.proj_A\.weight": is missing/],
    ["half a pair", { tensors: writeSafetensors(all.slice(1)) }, /residual_1\.proj_A\.weight": is missing/],
    ["a tensor nobody names", { tensors: writeSafetensors([...all, tensor("lm_head.weight", [4])]) }, /"lm_head\.weight": is not named in shortcuts\.json/],
    ["a head that is not there", { tensors: writeSafetensors(all.slice(0, 4)) }, /"classifier\.weight": is missing/],
    ["no weights", { tensors: null }, /has no shortcuts\.safetensors/],
    ["weights cut off", { tensors: written["shortcuts.safetensors"].slice(0, 200) }, /shortcuts\.safetensors/],
  ])("%s", async (_, change, message) => {
    const read = readShortcuts(files(change));
    await expect(read).rejects.toThrow(message);
    await expect(read).rejects.toBeInstanceOf(FormatError);
  }); // prettier-ignore
});
