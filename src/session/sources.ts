// sources.ts — where models come from: `bundled:NAME`, `hub:org/name@revision`, `file:NAME`. Each gives a Folder, and every
// model takes the same path from there. Reading the weights themselves is left to formats/.

import { DataError } from "../data/error.ts";
import { count, isObject, type ByteSource } from "../formats/source.ts";
import type { GivenFile } from "../protocol.ts";
import { givenFolder, type Folder } from "./folder.ts";
import { httpFolder, hubFolder, type HubOptions } from "./hub.ts";

export interface ModelFiles {
  /** tales-3m, org/name, or the folder's name. */
  name: string;
  revision: string | null;
  /** Parsed config.json: an object, not checked further. */
  config: unknown;
  tokenizerJson: unknown;
  /** Parsed tokenizer_config.json; null where there is none. */
  tokenizerConfig: unknown;
  generationConfig: unknown;
  /** Every file of weights by name, with model.safetensors.index.json where there are shards. Read lazily. */
  weights: Map<string, ByteSource>;
  /** Any other text file of the folder; null where it is not there. */
  readText(name: string): Promise<string | null>;
}

export interface SourceContext {
  /** Where `bundled:` models lie: an address that ends with "/" (…/models/), or folders of their own (Node reads the disk). */
  bundled: URL | ((name: string) => Promise<Folder | null>);
  /** Files the visitor dropped, by folder name. */
  given?: ReadonlyMap<string, readonly GivenFile[]>;
  /** Node: a folder on disk. */
  disk?: (path: string) => Promise<Folder | null>;
  hub?: HubOptions;
}

const TEXT_LIMIT = 64 * 2 ** 20; // bytes; the largest tokenizer.json in use has about 35 MB
const SHARDS = 1000;
const INDEX = "model.safetensors.index.json";

/** Throws DataError: unknown source, missing or unreadable files. */
export async function openModel(source: string, context: SourceContext): Promise<ModelFiles> {
  const { name, folder } = await openFolder(source, context);
  const config = await readJson(folder, "config.json");
  if (!config)
    throw new DataError(
      folder.where,
      `has no config.json${await listing(folder)}`,
      "Give the whole folder of a Hugging Face model: config.json, tokenizer.json, *.safetensors",
    );
  const tokenizerJson = await readJson(folder, "tokenizer.json");
  if (!tokenizerJson)
    throw new DataError(folder.where, `has no tokenizer.json${await listing(folder)}`, "Save it with AutoTokenizer.from_pretrained(…).save_pretrained(…)");
  return {
    name,
    revision: folder.revision,
    config,
    tokenizerJson,
    tokenizerConfig: await readJson(folder, "tokenizer_config.json"),
    generationConfig: await readJson(folder, "generation_config.json"),
    weights: await openWeights(folder),
    readText: (file) => readText(folder, file),
  };
}

async function openFolder(source: string, context: SourceContext): Promise<{ name: string; folder: Folder }> {
  const colon = source.indexOf(":");
  const [kind, name] = [source.slice(0, colon), source.slice(colon + 1)];
  if (name === "" || !["bundled", "hub", "file"].includes(kind)) {
    throw new DataError("model.source", `"${source}" is not a source`, "Write bundled:NAME, hub:org/name@revision or file:FOLDER");
  }
  if (kind === "hub") return { name: name.split("@")[0], folder: await hubFolder(name, context.hub) };
  if (kind === "bundled") {
    if (!/^[\w.-]+$/.test(name) || name.includes(".."))
      throw new DataError("model.source", `"${name}" is not the name of a bundled model`, "Choose one from the list");
    const folder = context.bundled instanceof URL ? httpFolder(new URL(`${name}/`, context.bundled), source) : await context.bundled(name);
    if (!folder) throw new DataError("model.source", `there is no bundled model "${name}"`, "Choose one from the list");
    return { name, folder };
  }
  const files = context.given?.get(name);
  const folder = files ? givenFolder(name, files) : await context.disk?.(name);
  if (!folder) throw new DataError("model.source", `there is no folder "${name}"`, context.given ? "Drop the model's files on the page" : "Check the path");
  return { name: name.split(/[\\/]/).filter(Boolean).at(-1) ?? name, folder };
}

async function readText(folder: Folder, name: string): Promise<string | null> {
  const file = await folder.open(name);
  if (!file) return null;
  const where = `${folder.where}, ${name}`;
  if (file.size > TEXT_LIMIT) throw new DataError(where, `has ${count(file.size)} bytes (limit ${count(TEXT_LIMIT)})`, "Is this the right file?");
  const bytes = await file.read(0, file.size);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new DataError(where, "is not UTF-8 text", "Download the file again");
  }
}

/** null: no such file. Throws DataError where it is not a JSON object. */
async function readJson(folder: Folder, name: string): Promise<Record<string, unknown> | null> {
  const text = await readText(folder, name);
  if (text === null) return null;
  const where = `${folder.where}, ${name}`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const pointer = text.startsWith("version https://git-lfs");
    const what = pointer ? "is a Git LFS pointer, not the file" : `is not JSON (${cause instanceof Error ? cause.message.slice(0, 120) : "unreadable"})`;
    throw new DataError(where, what, pointer ? 'Run "git lfs pull" in its folder' : "Download the file again");
  }
  if (!isObject(value)) throw new DataError(where, "is JSON, but not an object", "Download the file again");
  return value;
}

/** model.safetensors; else the shards that the index names; else the folder's only *.safetensors. */
async function openWeights(folder: Folder): Promise<Map<string, ByteSource>> {
  const weights = new Map<string, ByteSource>();
  const add = async (name: string): Promise<boolean> => {
    const file = await folder.open(name);
    if (file) weights.set(name, file);
    return file !== null;
  };
  if (await add("model.safetensors")) return weights;
  const index = await readJson(folder, INDEX);
  if (index) {
    const shards = new Set(Object.values(isObject(index.weight_map) ? index.weight_map : {}));
    if (shards.size > SHARDS)
      throw new DataError(`${folder.where}, ${INDEX}`, `names ${count(shards.size)} files (limit ${count(SHARDS)})`, "Download the file again");
    await add(INDEX);
    for (const shard of shards) {
      if (typeof shard !== "string" || !/^[^/\\\0]+\.safetensors$/.test(shard)) {
        throw new DataError(
          `${folder.where}, ${INDEX}`,
          `${JSON.stringify(shard)?.slice(0, 80)} is not a safetensors file of the same folder`,
          "Download the index again",
        );
      }
      if (!(await add(shard))) throw new DataError(folder.where, `has no ${shard}, which ${INDEX} names`, "Add the missing file");
    }
    return weights;
  }
  const others = ((await folder.names?.()) ?? []).filter((name) => name.endsWith(".safetensors"));
  if (others.length === 1 && (await add(others[0]))) return weights;
  const pickled = (await folder.names?.())?.some((name) => /\.(bin|pt|pth)$/.test(name));
  throw new DataError(
    folder.where,
    others.length > 1 ? `has ${others.length} safetensors files and no ${INDEX}` : `has no weights (model.safetensors)${await listing(folder)}`,
    others.length > 1 ? `Add ${INDEX}` : pickled ? "Convert it: model.save_pretrained(…, safe_serialization=True)" : "Give the model's safetensors files too",
  );
}

async function listing(folder: Folder): Promise<string> {
  const names = await folder.names?.();
  if (!names) return "";
  return ` (it has: ${names.slice(0, 8).join(", ").slice(0, 300) || "nothing"}${names.length > 8 ? ", …" : ""})`;
}
