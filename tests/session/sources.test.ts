// Model sources over the real thing: disk, dropped files, and a local server that speaks the hub's interface.
import { readFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { DataError } from "../../src/data/error.ts";
import { openSafetensors } from "../../src/formats/checkpoint.ts";
import type { GivenFile } from "../../src/protocol.ts";
import { diskFolder } from "../../src/session/disk.ts";
import { parseHubName } from "../../src/session/hub.ts";
import { openModel, type SourceContext } from "../../src/session/sources.ts";

const FOLDER = "public/models/tales-3m";
const FILES = ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"];
const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const context: SourceContext = { bundled: (name) => diskFolder(`public/models/${name}`, `bundled:${name}`), disk: diskFolder };

const given = (files: Record<string, string | Uint8Array>): SourceContext => ({
  ...context,
  disk: undefined,
  given: new Map([["mine", Object.entries(files).map(([name, content]): GivenFile => ({ name, bytes: new Blob([content as string]) }))]]),
});
const message = (source: string, where: SourceContext) =>
  openModel(source, where).then(
    () => "no error",
    (error: unknown) => (error instanceof DataError ? error.message : `not a DataError: ${String(error)}`),
  );

let server: Server | undefined;
afterEach(() => server?.close());
async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((resolve) => server!.once("listening", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("disk and bundled", () => {
  test("tales-3m opens, and its weights are read by ranges", async () => {
    const model = await openModel("bundled:tales-3m", context);
    expect(model).toMatchObject({ name: "tales-3m", revision: null, config: { model_type: "llama", vocab_size: 4096 }, generationConfig: { eos_token_id: 0 } });
    expect(model.tokenizerConfig).toMatchObject({ bos_token: "<|endoftext|>" });
    expect(await model.readText("README.md")).toContain("tales-3m");
    expect(await model.readText("nothing.txt")).toBeNull();
    expect([...model.weights.keys()]).toEqual(["model.safetensors"]);
    const file = model.weights.get("model.safetensors")!;
    const read = vi.spyOn(file, "read");
    const weights = await openSafetensors(model.weights);
    expect(weights.shape("model.embed_tokens.weight")).toEqual([4096, 192]);
    const norm = await weights.read("model.norm.weight");
    expect(norm.length).toBe(192);
    expect(file.size).toBe(6_302_416);
    const bytes = read.mock.calls.reduce((sum, [begin, end]) => sum + end - begin, 0);
    expect(bytes).toBeGreaterThan(192 * 2);
    expect(bytes).toBeLessThan(100_000);
  });

  test("file: names a folder", async () => {
    expect((await openModel(`file:${FOLDER}/`, context)).name).toBe("tales-3m");
    expect(await message("file:public/models/none", context)).toBe('model.source: there is no folder "public/models/none". Check the path');
    expect(await message("bundled:none", context)).toContain('there is no bundled model "none"');
    expect(await message("bundled:../../secret", context)).toContain("is not the name of a bundled model");
    for (const source of ["tales-3m", "", "file:", "ftp:x"]) expect(await message(source, context)).toContain("is not a source");
  });
});

describe("dropped files", () => {
  const whole = () => Object.fromEntries(FILES.map((name) => [`folder/${name}`, readFileSync(`${FOLDER}/${name}`)]));

  test("open like any folder, also with the path they had", async () => {
    const model = await openModel("file:mine", given(whole()));
    expect((await openSafetensors(model.weights)).size).toBeGreaterThan(6_000_000);
  });

  test.each<[Record<string, string | null>, string]>([
    [{ "config.json": null }, "file:mine: has no config.json (it has: generation_config.json, tokenizer.json,"],
    [{ "config.json": "{" }, "file:mine, config.json: is not JSON ("],
    [{ "config.json": "[1]" }, "file:mine, config.json: is JSON, but not an object. Download the file again"],
    [{ "tokenizer.json": null }, "file:mine: has no tokenizer.json"],
    [{ "tokenizer.json": "version https://git-lfs.github.com/spec/v1\n" }, "tokenizer.json: is a Git LFS pointer, not the file. Run"],
    [{ "model.safetensors": null }, "file:mine: has no weights (model.safetensors) (it has: "],
    [{ "model.safetensors": null, "pytorch_model.bin": "x" }, "Convert it: model.save_pretrained"],
    [{ "model.safetensors": null, "a.safetensors": "x", "b.safetensors": "x" }, "has 2 safetensors files and no model.safetensors.index.json"],
    [
      { "model.safetensors": null, "model.safetensors.index.json": '{"weight_map":{"a":"m-1.safetensors"}}' },
      "has no m-1.safetensors, which model.safetensors.index.json names",
    ],
    [{ "model.safetensors": null, "model.safetensors.index.json": '{"weight_map":{"a":"../x.safetensors"}}' }, "is not a safetensors file of the same folder"],
  ])("%j: one clear message", async (change, expected) => {
    const files: Record<string, string | Uint8Array> = whole();
    for (const [name, content] of Object.entries(change)) {
      delete files[`folder/${name}`];
      if (content !== null) files[`folder/${name}`] = content;
    }
    expect(await message("file:mine", given(files))).toContain(expected);
  });

  test("text that is not UTF-8, and a folder that was not given", async () => {
    expect(await message("file:mine", given({ "config.json": new Uint8Array([0xff, 0xfe]) }))).toContain("config.json: is not UTF-8 text");
    expect(await message("file:other", given({}))).toContain("Drop the model's files on the page");
  });

  test("shards come with their index", async () => {
    const files = {
      "config.json": "{}",
      "tokenizer.json": "{}",
      "model.safetensors.index.json": '{"weight_map":{"a":"m-1.safetensors","b":"m-2.safetensors","c":"m-1.safetensors"}}',
    };
    const model = await openModel("file:mine", given({ ...files, "m-1.safetensors": "x", "m-2.safetensors": "x" }));
    expect([...model.weights.keys()]).toEqual(["model.safetensors.index.json", "m-1.safetensors", "m-2.safetensors"]);
  });
});

describe("beside the page", () => {
  test("files are fetched; a server's start page is not a file", async () => {
    const url = await serve((request, answer) => {
      const name = request.url!.split("/").at(-1)!;
      if (request.url!.startsWith("/app/models/tales-3m/") && FILES.includes(name) && name !== "generation_config.json")
        answer.end(readFileSync(`${FOLDER}/${name}`));
      else answer.setHeader("content-type", "text/html").end("<!doctype html>");
    });
    const model = await openModel("bundled:tales-3m", { bundled: new URL("/app/models/", url) });
    expect(model.generationConfig).toBeNull();
    expect((await openSafetensors(model.weights)).has("model.norm.weight")).toBe(true);
    expect(await message("bundled:other", { bundled: new URL("/app/models/", url) })).toContain("bundled:other: has no config.json");
  });
});

describe("the hub", () => {
  /** The hub's interface for one repository: model information, listing, files by range behind a redirect. */
  const hub =
    (seen: string[], whole = false): RequestListener =>
    (request, answer) => {
      const path = decodeURIComponent(request.url!.split("?")[0]);
      seen.push(`${path} ${request.headers.range ?? ""}`.trim());
      const json = (value: unknown) => answer.setHeader("content-type", "application/json").end(JSON.stringify(value));
      const size = (name: string) => readFileSync(`${FOLDER}/${name}`).byteLength;
      if (path === "/api/models/org/tales/revision/v1") return json({ _id: "1", id: "org/tales", sha: COMMIT });
      if (path === `/api/models/org/tales/tree/${COMMIT}`) return json(FILES.map((name) => ({ type: "file", path: name, size: size(name), oid: "x" })));
      const name = path.split("/").at(-1)!;
      if (path === `/org/tales/resolve/${COMMIT}/${name}`) return answer.writeHead(302, { location: `/content/${name}` }).end();
      if (path === `/content/${name}` && FILES.includes(name)) {
        const bytes = readFileSync(`${FOLDER}/${name}`);
        const range = request.headers.range?.match(/^bytes=(\d+)-(\d+)$/);
        answer.setHeader("etag", '"x"');
        if (!range || (whole && range[2] !== "0")) return answer.end(bytes);
        const [begin, end] = [Number(range[1]), Number(range[2])];
        return answer.writeHead(206, { "content-range": `bytes ${begin}-${end}/${bytes.byteLength}` }).end(bytes.subarray(begin, end + 1));
      }
      answer.writeHead(path.includes("gated") ? 401 : 404, { "content-type": "application/json" }).end('{"error":"no"}');
    };

  test("a repository at a revision: pinned to its commit, weights read by ranges", async () => {
    const seen: string[] = [];
    const hubUrl = await serve(hub(seen));
    const model = await openModel("hub:org/tales@v1", { ...context, hub: { hubUrl } });
    expect(model).toMatchObject({ name: "org/tales", revision: COMMIT, config: { model_type: "llama" } });
    expect(seen.some((line) => line.includes("model.safetensors"))).toBe(false);
    const weights = await openSafetensors(model.weights);
    const local = await openSafetensors((await openModel("bundled:tales-3m", context)).weights);
    expect(await weights.read("model.norm.weight")).toEqual(await local.read("model.norm.weight"));
    expect(seen.filter((line) => line.startsWith("/content/model.safetensors") && !line.includes("bytes="))).toEqual([]);
  });

  test("a server that ignores ranges is noticed", async () => {
    const hubUrl = await serve(hub([], true));
    const model = await openModel("hub:org/tales@v1", { ...context, hub: { hubUrl } });
    await expect(openSafetensors(model.weights)).rejects.toThrow("the server sent 6,302,416 bytes where 8 were asked for");
  });

  test("not there, not public, not reachable: each with its remedy", async () => {
    const hubUrl = await serve(hub([]));
    expect(await message("hub:org/none", { ...context, hub: { hubUrl } })).toBe(
      "hub:org/none@main: does not exist on the hub. Check the name and the revision",
    );
    expect(await message("hub:org/gated", { ...context, hub: { hubUrl } })).toContain("is not public, or does not exist. Check the name; for a gated model");
    await new Promise((resolve) => server!.close(resolve));
    expect(await message("hub:org/tales@v1", { ...context, hub: { hubUrl } })).toContain("the hub cannot be reached (");
  });

  test("names are checked before anything is asked", () => {
    expect(parseHubName("org/name@refs/pr/1")).toEqual({ repo: "org/name", revision: "refs/pr/1" });
    expect(parseHubName("org/name")).toEqual({ repo: "org/name", revision: "main" });
    for (const bad of ["name", "a/b/c", "../b", "a/..", "a/b@", "a/b@../x", "a b/c", "https://x/y"]) expect(() => parseHubName(bad), bad).toThrow(DataError);
  });
});
