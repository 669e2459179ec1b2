// ort.ts — ONNX Runtime's wasm module, driven through its own C interface rather than through onnxruntime-web's JavaScript: tensors are then views of
// the wasm heap, so that weights exist once and a run copies nothing in. Which calls, in which order: onnxruntime-web/lib/wasm/wasm-core-impl.ts, 1.30.

import moduleUrl from "onnxruntime-web/ort-wasm-simd-threaded.mjs?url";
import wasmUrl from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import type { Shape } from "../tensor.ts";
import { type OnnxGraph, type OnnxType, encodeModel, typeCode } from "./onnx-model.ts";

/** The part of the Emscripten module that is used. Pointers are byte offsets into the heap. */
interface Module {
  readonly HEAPU8: Uint8Array;
  readonly HEAPU32: Uint32Array;
  getValue(pointer: number, type: "i32" | "i8"): number;
  UTF8ToString(pointer: number): string;
  _malloc(bytes: number): number;
  _free(pointer: number): void;
  _OrtInit(threads: number, logLevel: number): number;
  _OrtGetLastError(code: number, message: number): void;
  _OrtCreateSessionOptions(
    level: number,
    arena: boolean,
    memoryPattern: boolean,
    mode: number,
    profile: boolean,
    prefix: number,
    logId: number,
    severity: number,
    verbosity: number,
    path: number,
  ): number;
  _OrtReleaseSessionOptions(options: number): number;
  _OrtCreateSession(model: number, bytes: number, options: number): number | Promise<number>;
  _OrtReleaseSession(session: number): number;
  _OrtCreateTensor(type: number, data: number, bytes: number, dims: number, rank: number, location: number): number;
  _OrtReleaseTensor(tensor: number): number;
  _OrtGetTensorData(tensor: number, type: number, data: number, dims: number, rank: number): number;
  _OrtFree(pointer: number): number;
  _OrtRun(
    session: number,
    inputNames: number,
    inputs: number,
    inputCount: number,
    outputNames: number,
    outputCount: number,
    outputs: number,
    options: number,
  ): number | Promise<number>;
}

/**
 * No graph optimisation by ONNX Runtime: our graphs are written in its fused forms already, measured as fast, and its merging of common subexpressions
 * would undo gradient checkpointing. No arena and no memory pattern: they keep the activations of every session for good.
 */
const SESSION = { level: 0, arena: false, pattern: false };

/** A model that is ready to run on tensors that lie in the heap. */
export interface Session {
  /** `written` gets where each output lies, in bytes, while it is alive: copy what is to be kept. */
  run(written: (output: number, pointer: number) => void): Promise<void>;
  release(): void;
}

export interface Ort {
  readonly threads: number;
  /** Zeroed bytes on the heap. Throws when there are none left. */
  allocate(bytes: number, label: string): number;
  free(pointer: number): void;
  /** The heap as it is now: growing replaces it. */
  heap(): Uint8Array;
  /** `inputs` in the graph's order: where each lies in the heap. */
  session(name: string, graph: OnnxGraph, inputs: readonly number[]): Promise<Session>;
}

const inNode = (globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node !== undefined;
/** A variable, so that the build does not bundle a second copy for the browser. */
const nodeModule = "onnxruntime-web/ort-wasm-simd-threaded.mjs";

/** What threads may take to start before one is tried. */
const PATIENCE_MS = 60_000;

/** An error that says where it belongs and what to do. */
const problem = (where: string, what: string, hint: string, cause?: unknown): Error => Object.assign(new Error(`${what}. ${hint}`, { cause }), { where, hint });

async function start(threads: number): Promise<Ort> {
  try {
    const imported = (await import(/* @vite-ignore */ inNode ? nodeModule : new URL(moduleUrl, import.meta.url).href)) as {
      default(config: object): Promise<Module>;
    };
    const locateFile = inNode ? {} : { locateFile: () => new URL(wasmUrl, import.meta.url).href };
    const loading = imported.default({ numThreads: threads, ...locateFile });
    const m = await (threads === 1 ? loading : Promise.race([loading, tooLong(threads)]));
    if (m._OrtInit(threads, 3) !== 0) throw new Error(lastError(m));
    return new OrtModule(m, threads);
  } catch (cause) {
    const reason = String((cause as Error)?.message ?? cause).split("\n")[0];
    throw problem("backend", `ONNX Runtime's WebAssembly does not start (${reason})`, "Reload the page, update the browser, or choose another backend", cause);
  }
}

/** A thread whose script is blocked never answers. */
const tooLong = (threads: number): Promise<never> =>
  new Promise((_, reject) => setTimeout(() => reject(new Error(`${threads} threads do not answer`)), PATIENCE_MS));

const started = new Map<number, Promise<Ort>>();

/**
 * One module per number of threads and page: its heap, which only grows, is shared by all that compute there. Throws where wasm or its threads do
 * not load.
 */
export function loadOrt(threads: number): Promise<Ort> {
  let made = started.get(threads);
  if (!made) {
    made = start(threads);
    made.catch(() => started.delete(threads));
    started.set(threads, made);
  }
  return made;
}

function lastError(m: Module): string {
  const at = m._malloc(8);
  m._OrtGetLastError(at, at + 4);
  const message = m.getValue(at + 4, "i32") >>> 0;
  m._free(at);
  return message ? m.UTF8ToString(message) : "no message";
}

class OrtModule implements Ort {
  constructor(
    private readonly m: Module,
    readonly threads: number,
  ) {}

  heap(): Uint8Array {
    this.m.getValue(0, "i8"); // notices a heap that another thread has grown
    return this.m.HEAPU8;
  }

  allocate(bytes: number, label: string): number {
    const pointer = bytes < 2 ** 32 ? this.m._malloc(Math.max(16, bytes)) >>> 0 : 0;
    if (!pointer)
      throw problem(
        "memory",
        `"${label}" needs ${bytes.toLocaleString("en")} bytes, more than are left of WebAssembly's 4 GB`,
        "Take a smaller batch or model",
      );
    this.heap().fill(0, pointer, pointer + bytes);
    return pointer;
  }

  free(pointer: number): void {
    this.m._free(pointer);
  }

  private words(values: readonly number[]): number {
    const at = this.allocate(values.length * 4, "arguments");
    this.heap();
    this.m.HEAPU32.set(values, at >>> 2);
    return at;
  }

  private text(value: string): number {
    const bytes = new TextEncoder().encode(value);
    const at = this.allocate(bytes.length + 1, "name");
    this.heap().set(bytes, at);
    return at;
  }

  private tensor(type: OnnxType, shape: Shape, pointer: number): number {
    const dims = this.words(shape);
    const bytes = shape.reduce((a, b) => a * b, 1) * 4;
    const handle = this.m._OrtCreateTensor(typeCode[type], pointer, bytes, dims, shape.length, 1);
    this.m._free(dims);
    if (!handle) throw new Error(`ONNX Runtime makes no tensor: ${lastError(this.m)}`);
    return handle;
  }

  async session(name: string, graph: OnnxGraph, inputs: readonly number[]): Promise<Session> {
    const { m } = this;
    const model = encodeModel(graph, name);
    const at = this.allocate(model.length, `model ${name}`);
    this.heap().set(model, at);
    const options = m._OrtCreateSessionOptions(SESSION.level, SESSION.arena, SESSION.pattern, 0, false, 0, 0, 3, 0, 0);
    const session = await m._OrtCreateSession(at, model.length, options);
    m._OrtReleaseSessionOptions(options);
    m._free(at);
    if (!session) throw new Error(`plan "${name}" does not load in ONNX Runtime: ${lastError(m)}`);

    const names = [...graph.inputs, ...graph.outputs].map((v) => this.text(v.name));
    const n = graph.inputs.length;
    const count = graph.outputs.length;
    const handles = graph.inputs.map((v, i) => this.tensor(v.type, v.shape, inputs[i]));
    const [inputNames, outputNames] = [this.words(names.slice(0, n)), this.words(names.slice(n))];
    const [values, outputs] = [this.words(handles), this.words(graph.outputs.map(() => 0))];
    const data = this.words([0, 0, 0, 0]);

    return {
      run: async (written) => {
        this.heap().fill(0, outputs, outputs + count * 4);
        const code = await m._OrtRun(session, inputNames, values, n, outputNames, count, outputs, 0);
        if (code !== 0) throw new Error(`plan "${name}": ${lastError(m)}`);
        for (let i = 0; i < count; i++) {
          const handle = m.getValue(outputs + 4 * i, "i32") >>> 0;
          m._OrtGetTensorData(handle, data, data + 4, data + 8, data + 12);
          written(i, m.getValue(data + 4, "i32") >>> 0);
          m._OrtFree(m.getValue(data + 8, "i32") >>> 0);
          m._OrtReleaseTensor(handle);
        }
      },
      release: () => {
        for (const h of handles) m._OrtReleaseTensor(h);
        for (const p of [...names, inputNames, outputNames, values, outputs, data]) m._free(p);
        m._OrtReleaseSession(session);
      },
    };
  }
}
