// Attention, rope and the KV cache: the reference against what the formulas and transformers say, generation step by step against full attention, and the
// kernels of long heads. The other cases' kernels and gradients are held to the reference by standing.test.ts.

import { describe, expect, test } from "vitest";
import { aligned, whole } from "../../src/engine/backend.ts";
import { grad } from "../../src/engine/grad.ts";
import { capture, defineOp, leaf, trace } from "../../src/engine/graph.ts";
import { type NdArray, nd, ndInt, ndUint } from "../../src/engine/reference/nd-array.ts";
import { type Tensor, size, spec } from "../../src/engine/tensor.ts";
import { add } from "../../src/ops/add.ts";
import { attentionCached, cacheAppend } from "../../src/ops/attention-cached.ts";
import { type AttentionAttrs, type Heads, packedWidth } from "../../src/ops/attention-heads.ts";
import { roll, unroll } from "../../src/ops/attention-tile.ts";
import { attentionBackwardOp } from "../../src/ops/attention.backward.ts";
import { attention, attentionOp } from "../../src/ops/attention.ts";
import { rope, ropeTable } from "../../src/ops/rope.ts";
import { backends } from "../harness/backends.ts";
import { relativeError, run } from "../harness/run.ts";
import { webgpuMissing } from "../harness/webgpu.ts";
import { cases as attentionCases, largeCases } from "./cases/attention.ts";
import { type OpCase, noise } from "./cases/op-case.ts";

const available = (Object.keys(backends) as (keyof typeof backends)[]).filter((name) => name !== "webgpu" || !webgpuMissing);

/** Loss Σ y∘w: its cotangent of y is w. Never run, only differentiated. */
const project = defineOp<object>({
  name: "project",
  infer: () => [spec([1])],
  vjp: (_, { inputs: [, w] }) => [w, null],
  lower: () => [],
  ref: () => [nd([1])],
});

/** Outputs y0, y1, … of a case; d<name> under the cotangent `dy` of its first output. */
function traced(c: OpCase): (t: Record<string, Tensor>) => Record<string, Tensor> {
  return (t) => {
    const outputs = c.build(t);
    const values = Object.fromEntries(outputs.map((y, i): [string, Tensor] => [`y${i}`, y]));
    const cotangents = grad(project.apply([outputs[0], t.dy], {})[0], c.wrt.map((name) => t[name]), add); // prettier-ignore
    return { ...values, ...Object.fromEntries(c.wrt.map((name, i): [string, Tensor] => [`d${name}`, cotangents[i]!])) };
  };
}

function withCotangent(c: OpCase): Record<string, NdArray> {
  const { result } = trace(() => c.build(Object.fromEntries(Object.entries(c.inputs).map(([name, a]) => [name, leaf("input", name, a.shape, a.dtype)]))));
  return { ...c.inputs, dy: noise(result[0].shape, 77) };
}

describe.skipIf(webgpuMissing)("WebGPU equals the float64 reference on long heads, outputs and gradients", () => {
  test.each(largeCases)("$name", async (c) => {
    const inputs = withCotangent(c);
    const truth = await run(await backends.reference(), inputs, traced(c));
    const value = await run((await backends.webgpu())!, inputs, traced(c));
    for (const name of Object.keys(truth)) expect.soft(relativeError(value[name], truth[name]), name).toBeLessThan(c.tolerance ?? 5e-6);
  });
});

/** softmax(scale·Q Kᵀ + mask) V with T×T held whole, straight from the formula. */
function naive(qkv: NdArray, mask: NdArray, { heads, kvHeads, headSize, causal, scale }: AttentionAttrs): Float64Array {
  const [batch, tokens, width] = qkv.shape;
  const cell = (b: number, t: number, column: number): number => qkv.data[(b * tokens + t) * width + column];
  const out: number[] = [];
  for (let b = 0; b < batch; b++)
    for (let t = 0; t < tokens; t++)
      for (let h = 0; h < heads; h++) {
        const kv = Math.floor((h * kvHeads) / heads);
        const weights = Array.from({ length: tokens }, (_, j) => {
          let dot = 0;
          for (let d = 0; d < headSize; d++) dot += cell(b, t, h * headSize + d) * cell(b, j, (heads + kv) * headSize + d);
          return mask.data[b * tokens + j] && (!causal || j <= t) ? Math.exp(dot * (scale ?? headSize ** -0.5)) : 0;
        });
        const sum = weights.reduce((x, y) => x + y, 0) || 1;
        for (let d = 0; d < headSize; d++) out.push(weights.reduce((y, w, j) => y + (w / sum) * cell(b, j, (heads + kvHeads + kv) * headSize + d), 0));
      }
  return Float64Array.from(out);
}

describe("attention", () => {
  const attrs = (c: OpCase): AttentionAttrs => trace(() => c.build({ qkv: leaf("input", "qkv", c.inputs.qkv.shape), mask: leaf("input", "mask", c.inputs.mask.shape, "i32") })).graph.nodes[0].attrs as AttentionAttrs; // prettier-ignore

  test.each([...attentionCases, ...largeCases])("reference equals a naive softmax: $name", (c) => {
    const [out] = attentionOp.ref([c.inputs.qkv, c.inputs.mask], attrs(c));
    expect(relativeError(out.data, naive(c.inputs.qkv, c.inputs.mask, attrs(c)))).toBeLessThan(1e-12);
  });

  test("the reference's gradient is the central difference of its output", () => {
    for (const c of attentionCases.filter((c) => size(c.inputs.qkv.shape) < 400)) {
      const { qkv, mask } = c.inputs;
      const a = attrs(c);
      const [out, lse] = attentionOp.ref([qkv, mask], a);
      const dout = noise(out.shape, 5);
      const [dqkv] = attentionBackwardOp.ref([dout, out, lse, qkv, mask], a);
      const loss = (i: number, step: number): number => {
        const data = Float64Array.from(qkv.data);
        data[i] += step;
        return Float64Array.from(attentionOp.ref([nd(qkv.shape, data), mask], a)[0].data).reduce((sum, y, j) => sum + y * dout.data[j], 0);
      };
      const differences = dqkv.data.map((_, i) => (loss(i, 1e-5) - loss(i, -1e-5)) / 2e-5);
      expect.soft(relativeError(dqkv.data, differences), c.name).toBeLessThan(1e-8);
    }
  });

  test.each(available)("a row that sees no key gives zeros and zero gradients on %s", async (name) => {
    const backend = (await backends[name]())!;
    const heads = { heads: 2, kvHeads: 1, headSize: 8, causal: true };
    const inputs = { qkv: noise([1, 5, 32], 3), mask: ndInt([1, 5], [0, 0, 1, 1, 0]), dy: noise([1, 5, 16], 4) };
    const v = await run(backend, inputs, traced({ name, inputs, wrt: ["qkv"], build: ({ qkv, mask }) => [attention(qkv, mask, heads)] }));
    expect([...v.y0.subarray(0, 32)].map(Math.abs)).toEqual(Array(32).fill(0));
    expect([...v.dqkv.subarray(0, 64)].map(Math.abs)).toEqual(Array(64).fill(0));
    expect([...v.y0.subarray(32), ...v.dqkv.subarray(96, 128)].every((x) => Number.isFinite(x) && x !== 0)).toBe(true);
  });

  test("shapes are not in the kernels: one head size, one pipeline", () => {
    const kernels = (batch: number, tokens: number, heads: number, kvHeads: number) => {
      const { graph } = trace(() => {
        const qkv = leaf("input", "qkv", [batch, tokens, (heads + 2 * kvHeads) * 16]);
        const y = attention(qkv, leaf("input", "mask", [batch, tokens], "i32"), { heads, kvHeads, headSize: 16, causal: tokens > 8 });
        grad(project.apply([y, leaf("input", "dy", y.shape)], {})[0], [qkv], add);
      });
      return graph.nodes.flatMap((n) => n.op.lower(n, { class: "cpu", maxStorageBufferBindingSize: 2 ** 27 })).map((d) => d.kernel);
    };
    const [a, b] = [kernels(1, 5, 4, 2), kernels(3, 17, 2, 1)];
    expect(a.length).toBe(4);
    a.forEach((kernel, i) => expect(b[i]).toBe(kernel));
  });

  test("bad shapes are refused with a hint", () => {
    const heads = { heads: 4, kvHeads: 2, headSize: 8, causal: true };
    const attempt = (width: number, tokens: number, attrs: AttentionAttrs) => () =>
      trace(() => attention(leaf("input", "qkv", [1, 3, width]), leaf("input", "mask", [1, tokens], "i32"), attrs));
    expect(attempt(60, 3, heads)).toThrow(/qkv \(1, 3, 60\) must be \(B, T, 64\).*config\.json/);
    expect(attempt(64, 4, heads)).toThrow(/mask i32 \(1, 4\) must be i32 \(1, 3\)/);
    expect(attempt(64, 3, { ...heads, kvHeads: 3 })).toThrow(/num_key_value_heads/);
    expect(attempt(64, 3, { ...heads, headSize: 6 })).toThrow(/head size 6/);
  });

  test("unroll repeats a line per register and keeps comments", () => {
    expect(unroll("// $r\nq$r_$c = $C;\nx", { r: 2, c: 2 })).toBe("// $r\nq0_0 = 2;\nq0_1 = 2;\nq1_0 = 2;\nq1_1 = 2;\nx");
  });

  test("roll makes a loop of it", () => {
    const loop = (body: string) => `for (var c = 0u; c < C; c++) { ${body} }`;
    expect(roll("// $c\n  let q$r_$c = x[at + $c];\n  s$r += dot(q$r_$c, k_$c);\ny;")).toBe(
      `// $c\n  var q$r: array<vec4f, C>; ${loop("q$r[c] = x[at + c];")}\n  ${loop("s$r += dot(q$r[c], k[c]);")}\ny;`,
    );
  });
});

describe("rope", () => {
  // LlamaRotaryEmbedding of transformers, float32: cos, then sin, at some positions.
  const llama3 = { type: "llama3", factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 } as const;
  // prettier-ignore
  const pinned: [Parameters<typeof ropeTable>[0], number, number[], number[]][] = [
    [{ theta: 10000, headSize: 8, maxPositions: 1, scaling: null }, 0, [1, 1, 1, 1], [0, 0, 0, 0]],
    [{ theta: 10000, headSize: 8, maxPositions: 2, scaling: null }, 1, [0.540302336, 0.995004177, 0.999949992, 0.999999523], [0.841470957, 0.0998334214, 0.00999983307, 0.000999999931]],
    [{ theta: 10000, headSize: 8, maxPositions: 128, scaling: null }, 127, [0.232359096, 0.991084874, 0.296280891, 0.99194634], [0.972630084, 0.133231848, 0.955100834, 0.126658887]],
    [{ theta: 10000, headSize: 8, maxPositions: 5001, scaling: null }, 5000, [0.154668406, -0.883849263, 0.964966059, 0.2836622], [-0.987966418, -0.467771798, -0.262374848, -0.958924294]],
    [{ theta: 10000, headSize: 8, maxPositions: 2, scaling: { type: "linear", factor: 4 } }, 1, [0.968912423, 0.999687493, 0.999996901, 1], [0.247403964, 0.0249973964, 0.00249999738, 0.000250000012]],
    [{ theta: 10000, headSize: 8, maxPositions: 128, scaling: { type: "linear", factor: 4 } }, 127, [0.944714546, -0.999442041, 0.950018883, 0.999495983], [0.327894002, -0.0334010832, 0.3121925, 0.0317446664]],
    [{ theta: 10000, headSize: 8, maxPositions: 5001, scaling: { type: "linear", factor: 4 } }, 5000, [0.938036561, 0.787714481, 0.997798264, 0.315322369], [-0.346536368, -0.616040468, -0.0663218945, 0.948984623]],
    [{ theta: 500000, headSize: 16, maxPositions: 2, scaling: llama3 }, 1, [0.540302336, 0.981255829, 0.99929297, 0.999973416, 0.999999881, 1, 1, 1], [0.841470957, 0.192709595, 0.0375971682, 0.00729260035, 0.000524846022, 3.42810235e-05, 6.64786967e-06, 1.28917316e-06]],
    [{ theta: 500000, headSize: 16, maxPositions: 101, scaling: llama3 }, 100, [0.862318873, 0.856306612, -0.814453125, 0.745663345, 0.998623013, 0.999994099, 0.999999762, 1], [-0.506365657, 0.51646775, -0.580229402, 0.666322887, 0.0524605103, 0.00342809572, 0.000664786901, 0.000128917309]],
    [{ theta: 500000, headSize: 16, maxPositions: 5001, scaling: llama3 }, 5000, [0.154668406, -0.419083714, 0.893638611, 0.328778595, -0.869126678, 0.985346079, 0.999447644, 0.999979258], [-0.987966418, 0.9079476, -0.448787302, -0.944407046, 0.494589537, 0.170567051, 0.0332332291, 0.00644582091]],
  ];

  test.each(pinned)("table equals transformers' (%j, position %i)", (config, position, cos, sin) => {
    const row = ropeTable(config).subarray(position * config.headSize, (position + 1) * config.headSize);
    expect(row.every((v, i) => Math.abs(v - [...cos, ...sin][i]) < 3e-7), `${[...row]}`).toBe(true); // prettier-ignore
  });

  test("rotates as transformers' apply_rotary_pos_emb, values untouched", async () => {
    const head = Array.from({ length: 8 }, (_, i) => i / 4 - 1);
    const rotated = [0.9899924993515015, -0.790382444858551, -0.5147727727890015, -0.2522488832473755, -0.14112000167369843, 0.017193958163261414, 0.4847772717475891, 0.7492466568946838]; // prettier-ignore
    const table = nd([4, 8], ropeTable({ theta: 10000, headSize: 8, maxPositions: 4, scaling: null }));
    const inputs = { qkv: nd([1, 1, 32], [...head, ...head, ...head, ...head]), table, position: ndUint([1], [3]) };
    const v = await run(await backends.reference(), inputs, ({ qkv, table, position }) => ({
      y: rope(qkv, table, { heads: 2, kvHeads: 1, headSize: 8, positions: position }),
    }));
    expect(relativeError(v.y, [...rotated, ...rotated, ...rotated, ...head])).toBeLessThan(1e-6);
  });

  test("more tokens than positions is refused", () => {
    expect(() => trace(() => rope(leaf("input", "qkv", [1, 9, 16]), leaf("constant", "rope", [8, 4]), { heads: 2, kvHeads: 1, headSize: 4 }))).toThrow(
      /max_length/,
    );
  });
});

describe("generation with a cache", () => {
  test.each(available)("step by step equals full causal attention, one plan for all positions, on %s", async (name) => {
    const backend = (await backends[name]())!;
    const [batch, tokens, rows] = [2, 7, 9];
    const heads: Heads = { heads: 4, kvHeads: 2, headSize: 8 };
    const [width, outWidth, cacheWidth] = [packedWidth(heads), 32, 16];
    const table = nd([rows, 8], ropeTable({ theta: 10000, headSize: 8, maxPositions: rows, scaling: null }));
    const qkv = noise([batch, tokens, width], 9);
    const full = await run(await backends.reference(), { qkv, table, mask: ndInt([batch, tokens], Array(batch * tokens).fill(1)) }, ({ qkv, table, mask }) => ({
      y: attention(rope(qkv, table, heads), mask, { ...heads, causal: true }),
    })); // prettier-ignore

    const { graph } = trace(() => {
      const position = leaf("input", "position", [1], "u32");
      const x = rope(leaf("input", "qkv", [batch, 1, width]), leaf("constant", "table", [rows, 8]), { ...heads, positions: position });
      const [k, v] = cacheAppend(leaf("state", "cacheK", [batch, rows, cacheWidth]), leaf("state", "cacheV", [batch, rows, cacheWidth]), x, position);
      capture("y", attentionCached(x, k, v, position, heads));
    });
    const memories = new Map([...graph.leaves.values()].map((l) => [l.name, backend.memory(aligned(size(l.tensor.shape)), l.name)]));
    const plan = await backend.compile("generate", graph, (l) => whole(memories.get(l.name)!));
    const write = (leafName: string, data: Float32Array | Uint32Array): void =>
      backend.write({ memory: memories.get(leafName)!, offset: 0, elements: data.length }, data);
    write("table", Float32Array.from(table.data));
    for (let t = 0; t < tokens; t++) {
      const row = (data: ArrayLike<number>, w: number): number[] => [0, 1].flatMap((b) => Array.from({ length: w }, (_, i) => data[(b * tokens + t) * w + i]));
      write("qkv", Float32Array.from(row(qkv.data, width)));
      write("position", Uint32Array.of(t));
      await backend.run(plan);
      const y = await backend.read({ ...plan.captures.get("y")!, elements: batch * outWidth });
      expect(relativeError(y, row(full.y, outWidth)), `position ${t}`).toBeLessThan(5e-6);
    }
    plan.destroy();
    for (const m of memories.values()) m.destroy();
  });
});
