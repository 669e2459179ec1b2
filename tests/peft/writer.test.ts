// writer.test.ts — real PEFT loads the folders that writeAdapter makes. Needs PYTHON, a Python with torch, transformers and peft;
// `npm run test:peft` looks for one.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { bytesSource, openSafetensors, writeSafetensors } from "../../src/formats/safetensors.ts";
import { readAdapter, writeAdapter, type AdapterSpec } from "../../src/formats/peft.ts";
import { folder, GOLDEN, TALES } from "../formats/folder.ts";

const python = process.env.PYTHON;
const temporary = mkdtempSync(join(tmpdir(), "rankscope-peft-"));
afterAll(() => rmSync(temporary, { recursive: true }));

interface Compared {
  effect: number;
  merged: number;
  logits?: number;
  modules: Record<string, [number, number]>;
}

/** Writes the adapter into a folder and lets compare.py load it. */
function compare(name: string, base: string, spec: AdapterSpec, values?: Uint8Array): Compared {
  const adapter = join(temporary, name);
  mkdirSync(adapter);
  for (const [file, content] of Object.entries(writeAdapter(spec))) writeFileSync(join(adapter, file), content);
  const args = [new URL("compare.py", import.meta.url).pathname, base, adapter];
  if (values) writeFileSync(join(adapter, "values.safetensors"), values);
  const out = execFileSync(python!, [...args, ...(values ? [join(adapter, "values.safetensors")] : [])], { encoding: "utf8" });
  return JSON.parse(out.trim().split("\n").at(-1)!);
}

describe.skipIf(!python)("PEFT reads what we write (needs PYTHON with torch, transformers, peft)", () => {
  it.each(["llama-lora", "llama-lora-rank-pattern", "bert-cls", "roberta-cls", "opt-cls", "llama-cls"])(
    "%s, read and written again, gives the golden logits",
    { timeout: 300_000 },
    async (name) => {
      const { modules, saved, config } = await readAdapter(await folder(`${GOLDEN}${name}/adapter`));
      const batch = JSON.parse(readFileSync(`${GOLDEN}${name}/batch.json`, "utf8")) as Record<string, number[][] | undefined>;
      const expected = await openSafetensors(new Map([["model.safetensors", bytesSource(readFileSync(`${GOLDEN}${name}/expected.safetensors`))]]));
      const shape = [batch.input_ids!.length, batch.input_ids![0].length];
      const values = writeSafetensors([
        ...["input_ids", "attention_mask", "token_type_ids"].flatMap((key) =>
          batch[key] ? [{ name: key, shape, data: Int32Array.from(batch[key].flat()) }] : [],
        ),
        { name: "logits", shape: expected.shape("logits"), data: await expected.read("logits") },
      ]);
      const spec = [...modules].map(([path, m]) => ({ path, r: m.r, alpha: m.alpha, in: m.A.shape[1], out: m.B.shape[0], A: m.A.data, B: m.B.data }));
      const head = [...new Set([...saved.keys()].map((tensor) => tensor.slice(0, tensor.indexOf("."))))];
      const result = compare(
        name,
        GOLDEN + name,
        {
          baseModel: name,
          taskType: config.task_type as AdapterSpec["taskType"],
          modules: spec,
          ...(saved.size ? { saved: { modules: head, tensors: [...saved].map(([tensor, t]) => ({ name: tensor, ...t })) } } : {}),
        },
        values,
      );
      expect(result.logits).toBeLessThan(2e-5);
      expect(result.modules).toEqual(Object.fromEntries([...modules].map(([path, m]) => [path, [m.r, m.scale]])));
    },
  );

  it.each([false, true])(
    "mixed ranks and alphas, pruned modules, rsLoRA %s: every module gets the rank and scale we meant",
    { timeout: 300_000 },
    async (useRslora) => {
      const base = await openSafetensors(await folder(TALES));
      let state = 1;
      const random = (): number => ((state = (state * 48_271) % 2_147_483_647) / 2_147_483_647 - 0.5) * 0.2;
      const paths = base.names().flatMap((weight) => /^(.*_proj)\.weight$/.exec(weight)?.[1] ?? []);
      const modules = paths
        .filter((_, i) => i % 5 !== 3)
        .map((path, i) => {
          const [N, K] = base.shape(`${path}.weight`);
          const [r, alpha] = [[8, 16] as const, [1, 2] as const, [12, 24] as const, [3, 5] as const, [8, 7.5] as const][i % 5];
          return { path, r, alpha, in: K, out: N, A: Float32Array.from({ length: r * K }, random), B: Float32Array.from({ length: N * r }, random) };
        });
      expect(modules.length).toBeLessThan(paths.length);
      const result = compare(`mixed-${useRslora}`, TALES, { baseModel: "tales-3m", taskType: "CAUSAL_LM", modules, sites: paths, useRslora });
      expect(Object.keys(result.modules).sort()).toEqual(modules.map((m) => m.path).sort());
      for (const { path, r, alpha } of modules) {
        expect(result.modules[path][0]).toBe(r);
        expect(result.modules[path][1]).toBeCloseTo(alpha / (useRslora ? Math.sqrt(r) : r), 12);
      }
    },
  );

  it("short names in target_modules, when nothing of that name is pruned", { timeout: 300_000 }, async () => {
    const base = await openSafetensors(await folder(TALES));
    const paths = base.names().flatMap((weight) => /^(.*_proj)\.weight$/.exec(weight)?.[1] ?? []);
    const modules = paths
      .filter((path) => /[qv]_proj$/.test(path))
      .map((path) => {
        const [N, K] = base.shape(`${path}.weight`);
        return { path, r: 2, alpha: 4, in: K, out: N, A: new Float32Array(2 * K).fill(0.1), B: new Float32Array(N * 2).fill(0.1) };
      });
    const spec: AdapterSpec = { baseModel: "tales-3m", taskType: "CAUSAL_LM", modules, sites: paths };
    expect(JSON.parse(writeAdapter(spec)["adapter_config.json"]).target_modules).toEqual(["q_proj", "v_proj"]);
    expect(Object.keys(compare("short", TALES, spec).modules).sort()).toEqual(modules.map((m) => m.path).sort());
  });
});
