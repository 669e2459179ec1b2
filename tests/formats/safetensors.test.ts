// safetensors.test.ts — real files, round trips, and headers that lie.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toFloat32 } from "../../src/formats/dtype.ts";
import { FormatError } from "../../src/formats/error.ts";
import { bytesSource, openSafetensors, readSafetensorsHeader, writeSafetensors, type ByteSource, type Checkpoint } from "../../src/formats/safetensors.ts";
import { folder, GOLDEN, TALES } from "./folder.ts";

/** A file with this header (text, or JSON) and so many bytes behind it. */
function file(header: unknown, bytes: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const out = new Uint8Array(8 + json.length + bytes);
  new DataView(out.buffer).setBigUint64(0, BigInt(json.length), true);
  out.set(json, 8);
  return out;
}
const open = (bytes: Uint8Array): Promise<Checkpoint> => openSafetensors(new Map([["model.safetensors", bytesSource(bytes)]]));
const f32 = (offsets: unknown, shape: unknown = [1]): unknown => ({ dtype: "F32", shape, data_offsets: offsets });

describe("reading", () => {
  it("reads tales-3m: names, shapes, halves as floats", async () => {
    const model = await openSafetensors(await folder(TALES));
    expect(model.shape("model.layers.5.mlp.gate_proj.weight")).toEqual([512, 192]);
    expect(model.dtype("model.embed_tokens.weight")).toBe("F16");
    const parameters = model.names().reduce((sum, name) => sum + model.shape(name).reduce((a, b) => a * b, 1), 0);
    expect(parameters).toBe(3_148_224);
    const norm = await model.read("model.norm.weight");
    expect(norm).toHaveLength(192);
    expect(norm.every((w) => Number.isFinite(w) && Math.abs(w) < 100)).toBe(true);
  });

  it.each(["llama-lora", "llama-lora-rank-pattern", "llama-full"])("writes the files of %s as the safetensors library wrote them", async (name) => {
    for (const path of ["model.safetensors", "expected.safetensors", ...(name === "llama-full" ? [] : ["adapter/adapter_model.safetensors"])]) {
      const original = new Uint8Array(readFileSync(`${GOLDEN}${name}/${path}`));
      const { metadata, tensors } = await readSafetensorsHeader(bytesSource(original), path);
      const checkpoint = await open(original);
      const copies = [...tensors.values()].map(async (t) => ({ name: t.name, dtype: t.dtype, shape: t.shape, data: await checkpoint.bytes(t.name) }));
      expect(Buffer.compare(writeSafetensors(await Promise.all(copies), metadata), original), path).toBe(0);
    }
  });

  it("reads only the ranges it needs", async () => {
    const bytes = writeSafetensors([
      { name: "big", shape: [100_000], data: new Float32Array(100_000) },
      { name: "small", shape: [2], data: new Float32Array([1, 2]) },
    ]);
    let read = 0;
    const source: ByteSource = { size: bytes.length, read: async (begin, end) => ((read += end - begin), bytes.subarray(begin, end)) };
    const checkpoint = await openSafetensors(new Map([["model.safetensors", source]]));
    expect(await checkpoint.read("small")).toEqual(new Float32Array([1, 2]));
    expect(read).toBeLessThan(1_000);
  });

  it("round-trips floats, and gives arrays that are the caller's own", async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.float32Array({ maxLength: 20 })), async (values) => {
        const named = Object.entries(values).filter(([name]) => name !== "__metadata__");
        const bytes = writeSafetensors(named.map(([name, data]) => ({ name, shape: [data.length], data })));
        const checkpoint = await open(bytes);
        expect(checkpoint.names().sort()).toEqual(named.map(([name]) => name).sort());
        for (const [name, data] of named) {
          const read = await checkpoint.read(name);
          expect(read).toEqual(data);
          expect(read.buffer).not.toBe(bytes.buffer);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("aligns every tensor, pads the header, and refuses what does not fit", () => {
    const bytes = writeSafetensors([
      { name: "a", shape: [3], data: new Uint8Array([1, 2, 3]) },
      { name: "b", shape: [], data: new Float32Array([5]) },
      { name: "c", shape: [1], data: new BigInt64Array([7n]) },
    ]);
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    expect(Object.fromEntries(Object.entries<{ data_offsets: number[] }>(header).map(([k, v]) => [k, v.data_offsets]))).toEqual({
      c: [0, 8],
      b: [8, 12],
      a: [12, 15],
    });
    expect(() => writeSafetensors([{ name: "w", shape: [2, 2], data: new Float32Array(3) }])).toThrow(
      /"w": F32 of shape \[2, 2\] takes 16 bytes, its data has 12/,
    );
    const w = { name: "w", shape: [1], data: new Float32Array(1) };
    expect(() => writeSafetensors([w, w])).toThrow(/the name is taken/);
  });
});

describe("conversion", () => {
  it("half floats: all 65,536", () => {
    const halves = Uint16Array.from({ length: 1 << 16 }, (_, i) => i);
    const floats = toFloat32(new Uint8Array(halves.buffer), "F16");
    for (let h = 0; h < 1 << 16; h++) {
      const [sign, e, m] = [h >> 15 ? -1 : 1, (h >> 10) & 31, h & 1023];
      const value = e === 31 ? (m ? NaN : Infinity) : e === 0 ? m * 2 ** -24 : (1 + m / 1024) * 2 ** (e - 15);
      if (!Object.is(floats[h], sign * value)) throw new Error(`half ${h.toString(16)}: ${floats[h]} is not ${sign * value}`);
    }
  });

  it("bfloat16, double, and bytes at an odd offset", () => {
    expect([...toFloat32(new Uint8Array(new Uint16Array([0x3f80, 0xc000, 0x7f80, 0x0001]).buffer), "BF16")]).toEqual([1, -2, Infinity, 2 ** -133]);
    expect([...toFloat32(new Uint8Array(new Float64Array([0.1, -3]).buffer), "F64")]).toEqual([Math.fround(0.1), -3]);
    for (const [dtype, data] of [
      ["F32", new Float32Array([1.5])],
      ["F64", new Float64Array([1.5])],
      ["F16", new Uint16Array([0x3e00])],
      ["BF16", new Uint16Array([0x3fc0])],
    ] as const) {
      const shifted = new Uint8Array(data.byteLength + 1);
      shifted.set(new Uint8Array(data.buffer), 1);
      expect([...toFloat32(shifted.subarray(1), dtype)]).toEqual([1.5]);
    }
  });
});

describe("files that lie", () => {
  const lies: [what: string, bytes: Uint8Array, message: RegExp][] = [
    ["empty", new Uint8Array(0), /is 0 bytes long/],
    ["Git LFS pointer", new TextEncoder().encode("version https://git-lfs.github.com/spec/v1\n"), /Git LFS pointer.*git lfs pull/],
    ["a web page", new TextEncoder().encode("<!DOCTYPE html><html></html>"), /says its header has .* bytes \(limit 100,000,000\).*Is it a safetensors file/],
    ["header beyond the file", file("{}", 0).subarray(0, 9).slice(), /too short/],
    ["header longer than the file", (([...b]) => ((b[0] = 200), Uint8Array.from(b)))(file("{ }    ", 4)), /189 bytes shorter than its header alone/],
    ["not JSON", file("{nope}", 4), /header: is not JSON/],
    ["not UTF-8", file("{}", 0).map((b, i) => (i === 8 ? 0xff : b)), /header: is not JSON/],
    ["a list", file("[]", 0), /not an object/],
    ["metadata not strings", file({ __metadata__: { a: 1 } }, 0), /"a" is not a string/],
    ["metadata a list", file({ __metadata__: [] }, 0), /__metadata__: is not an object/],
    ["entry a number", file({ w: 3 }, 0), /tensor "w": is not an object/],
    ["unknown dtype", file({ w: { dtype: "F7", shape: [1], data_offsets: [0, 4] } }, 4), /tensor "w": has the unknown dtype "F7".*Save the model as F32/],
    ["negative offset", file({ w: f32([-4, 0]) }, 4), /data_offsets \[-4,0\]/],
    ["offset not whole", file({ w: f32([0, 4.5]) }, 4), /data_offsets \[0,4.5\]/],
    ["offsets reversed", file({ w: f32([4, 0]) }, 4), /data_offsets \[4,0\]/],
    ["offsets missing", file({ w: f32(undefined) }, 4), /data_offsets missing/],
    ["three offsets", file({ w: f32([0, 4, 8]) }, 8), /data_offsets/],
    ["shape negative", file({ w: f32([0, 4], [-1]) }, 4), /shape \[-1\]/],
    ["shape too large", file({ w: f32([0, 4], [2 ** 40, 2 ** 40]) }, 4), /larger than any file/],
    ["size and shape differ", file({ w: f32([0, 8], [3]) }, 8), /F32 of shape \[3\] takes 12 bytes, data_offsets span 8/],
    ["overlap", file({ a: f32([0, 4]), b: f32([0, 4]) }, 4), /"b": begins 4 bytes before tensor "a" ends: they overlap/],
    ["gap", file({ a: f32([0, 4]), b: f32([8, 12]) }, 12), /"b": begins 4 bytes after tensor "a" ends: a gap/],
    ["gap at the start", file({ a: f32([4, 8]) }, 8), /"a": begins 4 bytes after the header ends/],
    ["one name twice", file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}', 8), /gap/],
    ["truncated", file({ a: f32([0, 4000], [1000]) }, 4000 - 1234), /^model.safetensors: is 1,234 bytes shorter than its header says. Download the file again/],
    ["bytes behind", file({ a: f32([0, 4]) }, 6), /2 bytes longer/],
    ["out of range", file({ a: f32([0, 2 ** 52], [2 ** 50]) }, 4), /bytes shorter than its header says/],
  ];
  it.each(lies)("%s", async (_what, bytes, message) => {
    const error = await open(bytes).then(
      () => undefined,
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(FormatError);
    expect((error as FormatError).message).toMatch(message);
    expect((error as FormatError).hint).not.toBe("");
  });

  it("allows tensors without elements", async () => {
    const checkpoint = await open(file({ a: f32([0, 0], [0, 2 ** 52]), b: f32([0, 4], []) }, 4));
    expect(await checkpoint.read("a")).toHaveLength(0);
    expect(await checkpoint.read("b")).toEqual(new Float32Array(1));
  });

  it("names a tensor that is missing or no float", async () => {
    const checkpoint = await open(writeSafetensors([{ name: "ids", shape: [1], data: new Int32Array(1) }]));
    await expect(checkpoint.read("ids")).rejects.toThrow(/model.safetensors, tensor "ids": is I32/);
    await expect(checkpoint.read("w")).rejects.toThrow(/no tensor "w"/);
  });

  it("a source that fails or gives too little", async () => {
    const bytes = writeSafetensors([{ name: "w", shape: [1], data: new Float32Array(1) }]);
    const short: ByteSource = { size: bytes.length + 9, read: async (begin, end) => bytes.subarray(begin, Math.min(end, 20)) };
    await expect(readSafetensorsHeader(short, "w.safetensors")).rejects.toThrow(/w.safetensors: gave 12 bytes where/);
    const gone: ByteSource = { size: 100, read: () => Promise.reject(new Error("NotFound")) };
    await expect(readSafetensorsHeader(gone, "w.safetensors")).rejects.toThrow(/cannot be read \(NotFound\).*Open it again/);
  });

  it("random changes never hang and throw nothing but FormatError", async () => {
    const good = readFileSync(`${GOLDEN}llama-lora/adapter/adapter_model.safetensors`).subarray(0);
    const headerEnd = 8 + Number(good.readBigUInt64LE(0));
    const change = fc.record({ at: fc.nat({ max: headerEnd - 1 }), to: fc.nat({ max: 255 }) });
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 4 }), fc.option(fc.nat({ max: good.length })), async (changes, cut) => {
        const bytes = new Uint8Array(good);
        for (const { at, to } of changes) bytes[at] = to;
        try {
          const checkpoint = await open(cut === null ? bytes : bytes.subarray(0, cut));
          for (const name of checkpoint.names()) await checkpoint.bytes(name);
        } catch (error) {
          refused++;
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 500 },
    );
    expect(refused).toBeGreaterThan(100);
  });
});

describe("shards", () => {
  const shard = (name: string, value: number): ByteSource => bytesSource(writeSafetensors([{ name, shape: [1], data: new Float32Array([value]) }]));
  const folderOf = (index: unknown): Map<string, ByteSource> =>
    new Map([
      ["model-1.safetensors", shard("a", 1)],
      ["model-2.safetensors", shard("b", 2)],
      ["model.safetensors.index.json", bytesSource(new TextEncoder().encode(JSON.stringify(index)))],
    ]);

  it("reads across files", async () => {
    const checkpoint = await openSafetensors(folderOf({ weight_map: { a: "model-1.safetensors", b: "model-2.safetensors" } }));
    expect(checkpoint.names()).toEqual(["a", "b"]);
    expect([...(await checkpoint.read("b"))]).toEqual([2]);
    expect(checkpoint.size).toBe(8);
  });

  it.each([
    [{ weight_map: { a: "../model-1.safetensors" } }, /"a": "..\/model-1.safetensors" is not a file name/],
    [{ weight_map: { a: 3 } }, /3 is not a file name/],
    [{ weight_map: { a: "model-3.safetensors" } }, /names model-3.safetensors, which is not there/],
    [{ weight_map: { c: "model-1.safetensors" } }, /says that model-1.safetensors holds this tensor, but it does not/],
    [{ weight_map: [] }, /no weight_map/],
    [[], /not an object/],
  ])("refuses %j", async (index, message) => {
    const error: unknown = await openSafetensors(folderOf(index)).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(FormatError);
    expect((error as FormatError).message).toMatch(message);
  });

  it("refuses a folder without weights, or with several files and no index", async () => {
    const files = folderOf({});
    files.delete("model.safetensors.index.json");
    await expect(openSafetensors(files)).rejects.toThrow(/2 safetensors files and no model.safetensors.index.json/);
    await expect(openSafetensors(new Map([["pytorch_model.bin", bytesSource(new Uint8Array(1))]]))).rejects.toThrow(/it has: pytorch_model.bin/);
  });
});
