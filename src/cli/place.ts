// place.ts — what a run finds around it in a terminal: files on disk, the bundled models, a backend.

import { existsSync } from "node:fs";
import { mkdir, readdir, stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, isAbsolute, join, relative } from "node:path";
import { DataError } from "../data/error.ts";
import type { Backend } from "../engine/backend.ts";
import { referenceBackend } from "../engine/reference/backend.ts";
import { wasmBackend } from "../engine/wasm/backend.ts";
import { webgpuBackend } from "../engine/webgpu/backend.ts";
import { type Device, requestDevice } from "../engine/webgpu/device.ts";
import type { ByteSource } from "../formats/source.ts";
import { ADAPTER_FILES, type PeftAdapter, readAdapter } from "../formats/peft.ts";
import { SHORTCUTS_FILE, TRAINED_FILES, type Trained, readTrained } from "../formats/shortcuts.ts";
import type { Phase, RunConfig } from "../protocol.ts";
import { diskData, diskFile, diskFolder } from "../session/disk.ts";
import { type LoadContext, type Loaded, type LoadedModel, load, loadModel } from "../session/load.ts";
import { isBadInput, problemOf } from "../session/problem.ts";
import { parseConfig } from "../train/config.ts";
import type { Args, Option } from "./command.ts";
import { nodeGpu } from "./node-gpu.ts";
import { Progress } from "./progress.ts";

const models = join(import.meta.dirname, "../../public/models");

export const context: LoadContext = {
  bundled: (name) => diskFolder(join(models, name), `bundled:${name}`),
  disk: (path) => diskFolder(path),
  dataFile: diskData,
};

export const backendOption: Option = {
  value: "NAME",
  help: "webgpu, wasm (the processor) or reference (float64, slow); default: what the configuration says, else the quickest there is",
};

export const dataOption: Option = { value: "PATH", help: "rows from this file instead of data.source" };

/** Where file: sources are looked for from the current directory, then from a folder. */
export const contextBeside = (folder: string): LoadContext => {
  const find = (path: string): string => located(`file:${path}`, folder).slice("file:".length);
  return { ...context, disk: (path) => diskFolder(find(path)), dataFile: (path) => diskData(find(path)) };
};

/** Runs fn; errors about a field or a tensor get the name of the file in front, unless they are about `itself`. */
export async function within<T>(file: string, fn: () => T | Promise<T>, itself?: string): Promise<T> {
  try {
    return await fn();
  } catch (e) {
    if (!isBadInput(e)) throw e;
    const { where, what, hint } = problemOf(e);
    throw new DataError(where.includes(file) || where === itself ? where : `${file}, ${where}`, what, hint);
  }
}

/** `file:` sources are looked for from the current directory, then from the configuration's own folder. */
export async function readConfig(file: string, args: Args): Promise<RunConfig> {
  const json = await readJson(file, "configuration", "examples/first-run.json");
  const backend = backendName(args);
  return within(file, () => {
    const config = parseConfig(json);
    const { model, data } = config;
    const own = args.text("data");
    if (own !== undefined) data.source = own.includes(":") ? own : `file:${own}`;
    for (const part of [model, data]) part.source = located(part.source, dirname(file));
    if (data.eval_source !== null) data.eval_source = located(data.eval_source, dirname(file));
    return { ...config, backend: backend ?? config.backend };
  });
}

/** what: the file's kind, with an example of it. Throws DataError. */
export async function readJson(file: string, what: string, example: string): Promise<unknown> {
  const bytes = await diskFile(file).catch((e: unknown) => {
    throw new DataError(file, problemOf(e).what, `Name a ${what}: ${example} is one`);
  });
  return within(file, () => {
    try {
      return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown;
    } catch (cause) {
      throw new DataError(what, `is not JSON (${(cause as Error).message.split("\n")[0]})`, `See ${example}`);
    }
  });
}

function located(source: string, folder: string): string {
  const path = source.slice("file:".length);
  if (!source.startsWith("file:") || isAbsolute(path) || existsSync(path) || !existsSync(join(folder, path))) return source;
  return `file:${relative(process.cwd(), join(folder, path))}`;
}

export const openModel = (source: string): Promise<LoadedModel> => within(source, () => loadModel(source, context), "model.source");

/** Model, tokenizer and data of a configuration; rows that cannot be used are named on stderr. */
export async function openRun(config: RunConfig, file: string): Promise<Loaded> {
  const model = await within(file, () => openModel(config.model.source));
  const progress = new Progress(0);
  const onProgress = (phase: Phase): void => progress.show({ type: "progress", ...phase });
  const loaded = await within(file, () => load(config, { ...context, onProgress }, model)).finally(() => progress.clear());
  const { wrong, wrongTotal, heldOut, unread } = loaded.data;
  if ("chat" in loaded.data) {
    const { format, chat } = loaded.data;
    const read = [format && `rows are read as ${format}`, chat && `conversations are written by the template ${chat.template.title}`].filter(Boolean);
    if (read.length > 0) console.error(`${config.data.source}: ${read.join(", ")}`);
  }
  if (unread) console.error(`${config.data.source}: ${unread}`);
  for (const { line, reason } of wrong) console.error(`${config.data.source}, line ${line}: ${reason}. The row is left out`);
  if (wrongTotal > wrong.length) console.error(`${config.data.source}: ${wrongTotal - wrong.length} more rows are left out`);
  if (!heldOut.length) console.error(`${file}, data.eval_share: no rows are held out, so nothing is evaluated`);
  return loaded;
}

export const adapterOption: Option = { value: "DIR", help: "a PEFT adapter, or a run's folder that has shortcuts; default: the base alone" };

/** A PEFT folder; option: what names it. Throws DataError or FormatError. */
export const openAdapter = (path: string, option = "--adapter"): Promise<PeftAdapter> =>
  within(path, async () => {
    const files = await filesOf(path, ADAPTER_FILES, option);
    if (!files.size && existsSync(join(path, "adapter/adapter_config.json")))
      throw new DataError(`${option} ${path}`, "is the folder of a run", `Take ${option} ${join(path, "adapter")}`);
    return readAdapter(files);
  });

/** A PEFT folder, or what a run with shortcuts trained: its shortcuts, and its adapter where it has one. Throws DataError or FormatError. */
export async function openTrained(path: string, option = "--adapter"): Promise<Trained> {
  if (!existsSync(join(path, SHORTCUTS_FILE))) {
    if (existsSync(join(path, "..", SHORTCUTS_FILE)))
      console.error(`${path}: its run also trained shortcuts, which are left out. With them: ${option} ${join(path, "..")}`);
    return openAdapter(path, option);
  }
  const adapter = join(path, "adapter");
  const folders = existsSync(adapter) ? [adapter, path] : [path];
  return within(path, async () => {
    const found = await Promise.all(folders.map((folder) => filesOf(folder, TRAINED_FILES, option)));
    return readTrained(new Map(found.flatMap((files) => [...files])));
  });
}

async function filesOf(path: string, names: readonly string[], option: string): Promise<Map<string, ByteSource>> {
  const folder = await diskFolder(path);
  if (!folder) throw new DataError(`${option} ${path}`, "there is no such folder", "Name a folder with adapter_config.json and adapter_model.safetensors");
  const files = new Map<string, ByteSource>();
  for (const name of names) {
    const source = await folder.open(name);
    if (source) files.set(name, source);
  }
  return files;
}

export function backendName(args: Args): RunConfig["backend"] | undefined {
  const name = args.text("backend");
  if (name === undefined || name === "webgpu" || name === "wasm" || name === "reference") return name;
  throw new DataError("--backend", `${JSON.stringify(name)} is no backend`, "Take webgpu, wasm or reference");
}

export interface Opened {
  backend: Backend;
  /** Bytes that one buffer and one binding hold. */
  most: number;
}

const openWasm = async (): Promise<Opened> => ({ backend: await wasmBackend({ threads: Math.min(4, availableParallelism()) }), most: 2 ** 32 });

/** auto: WebGPU where there is a graphics processor, else wasm. Throws Error with a remedy where the backend that is asked for is not there. */
export async function openBackend(name: RunConfig["backend"]): Promise<Opened> {
  if (name === "reference") return { backend: referenceBackend(), most: Infinity };
  if (name === "wasm") return openWasm();
  let device: Device;
  try {
    device = await requestDevice(await nodeGpu());
    if (name === "auto" && device.class === "cpu") return openWasm();
  } catch (cause) {
    if (name === "auto") return openWasm();
    throw new Error(`There is no WebGPU on this machine (${(cause as Error).message.split("\n")[0]}). Install a Vulkan driver, or take --backend wasm.`, {
      cause,
    });
  }
  const { maxBufferSize, maxStorageBufferBindingSize } = device.gpu.limits;
  return { backend: webgpuBackend(device), most: Math.min(maxBufferSize, maxStorageBufferBindingSize) };
}

/** Before anything is computed: a folder that can be written. */
export async function makeFolder(path: string, overwrite: boolean): Promise<void> {
  const info = await stat(path).catch(() => null);
  if (info && !info.isDirectory()) throw new DataError(`--out ${path}`, "is a file", "Name a folder");
  if (info && !overwrite && (await readdir(path)).length) throw new DataError(`--out ${path}`, "is not empty", "Name a new folder, or add --overwrite");
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    throw new DataError(`--out ${path}`, `cannot be made (${(cause as Error).message})`, "Name a folder that can be written");
  }
}
