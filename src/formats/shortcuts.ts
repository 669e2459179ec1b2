// shortcuts.ts — what PEFT cannot hold of a run: HeteroLoRA's shortcuts, as shortcuts.json (which there are, their ranks, their form) and
// shortcuts.safetensors (`<place>.proj_A.weight` (r, C), `<place>.proj_B.weight` (C, r)). A PEFT adapter may lie beside them, in adapter/.

import { FormatError } from "./error.ts";
import { ADAPTER_FILES, type AdapterModule, type Matrix, type PeftAdapter, type SavedTensor, readAdapter } from "./peft.ts";
import { openSafetensors, writeSafetensors } from "./safetensors.ts";
import { type ByteSource, bytesSource, isObject, readJsonObject } from "./source.ts";

export const SHORTCUTS_FILE = "shortcuts.json";
const WEIGHTS_FILE = "shortcuts.safetensors";
const FORMAT = "rankscope-shortcuts-1";
const JSON_LIMIT = 10_000_000;
const FORMS = ["plain", "norm"] as const;

/** What a run trained, read back. form: of the shortcuts among `modules`; absent: there are none. */
export type Trained = Pick<PeftAdapter, "modules" | "saved"> & { readonly form?: (typeof FORMS)[number] };

export interface ShortcutsSpec {
  baseModel: string;
  revision?: string | null;
  taskType: "CAUSAL_LM" | "SEQ_CLS";
  /** As config.json has it: tells the loader what a block looks like. */
  modelType: string;
  form: (typeof FORMS)[number];
  /** A (r, C), B (C, r), row by row. */
  shortcuts: readonly { path: string; r: number; alpha: number; in: number; out: number; A: Float32Array; B: Float32Array }[];
  /** A PEFT adapter lies beside, in adapter/. Where not, modules that were trained whole (a classifier's head) are here. */
  adapter: boolean;
  saved: readonly ({ name: string } & SavedTensor)[];
}

export function writeShortcuts(spec: ShortcutsSpec): { [SHORTCUTS_FILE]: string; [WEIGHTS_FILE]: Uint8Array<ArrayBuffer> } {
  const config = {
    format: FORMAT,
    paper: "2406.14956",
    base_model_name_or_path: spec.baseModel,
    revision: spec.revision ?? null,
    task_type: spec.taskType,
    model_type: spec.modelType,
    adapter: spec.adapter ? "adapter" : null,
    form: spec.form,
    shortcuts: Object.fromEntries(spec.shortcuts.map(({ path, r, alpha }) => [path, { r, alpha }])),
    saved: spec.saved.map(({ name }) => name),
  };
  const tensors = spec.shortcuts.flatMap(({ path, r, in: K, out: N, A, B }) => [
    { name: `${path}.proj_A.weight`, shape: [r, K], data: A },
    { name: `${path}.proj_B.weight`, shape: [N, r], data: B },
  ]);
  const whole = spec.saved.map(({ name, shape, data }) => ({ name, shape: [...shape], data }));
  return { [SHORTCUTS_FILE]: `${JSON.stringify(config, null, 2)}\n`, [WEIGHTS_FILE]: writeSafetensors([...tensors, ...whole], { format: "pt" }) };
}

/** By name, wherever in its folder: what a run trained is these, as far as they are there. */
export const TRAINED_FILES: readonly string[] = [...ADAPTER_FILES, SHORTCUTS_FILE, WEIGHTS_FILE];

/**
 * What a run trained, by TRAINED_FILES: a PEFT adapter, shortcuts, or both. Throws FormatError: a file missing or broken, or one of the two without the other
 * that it names.
 */
export async function readTrained(files: ReadonlyMap<string, ByteSource | Uint8Array>): Promise<Trained> {
  if (!files.has(SHORTCUTS_FILE) && !files.has(WEIGHTS_FILE)) return readAdapter(files);
  const { adapter, ...cuts } = await readShortcuts(files);
  const { modules, saved } = adapter || ADAPTER_FILES.some((name) => files.has(name)) ? await readAdapter(files) : cuts;
  return { form: cuts.form, modules: new Map([...modules, ...cuts.modules]), saved: new Map([...saved, ...cuts.saved]) };
}

/** Reads both files; adapter: a PEFT adapter belongs to them. Throws FormatError: one missing or broken, half a pair, a tensor that is not named, a shape that disagrees with its rank. */
export async function readShortcuts(files: ReadonlyMap<string, ByteSource | Uint8Array>): Promise<Required<Trained> & { adapter: boolean }> {
  const source = (name: string): ByteSource => {
    const file = files.get(name);
    if (!file) throw new FormatError("folder of a run", `has no ${name}`, "Give the whole folder of the run");
    return file instanceof Uint8Array ? bytesSource(file) : file;
  };
  const json = await readJsonObject(source(SHORTCUTS_FILE), SHORTCUTS_FILE, JSON_LIMIT);
  const wrong = (field: string, what: string): FormatError =>
    new FormatError(`${SHORTCUTS_FILE}, ${field}`, what, "Was the file changed? Take it from the run again");
  if (json.format !== FORMAT) throw wrong("format", `${JSON.stringify(json.format ?? null).slice(0, 80)} is not "${FORMAT}"`);
  const form = FORMS.find((f) => f === json.form);
  if (!form) throw wrong("form", `is not one of ${FORMS.join(", ")}`);
  if (!isObject(json.shortcuts)) throw wrong("shortcuts", "is no object of places");
  const names = json.saved;
  if (!Array.isArray(names) || !names.every((n) => typeof n === "string")) throw wrong("saved", "is no list of names");

  const weights = await openSafetensors(new Map([[WEIGHTS_FILE, source(WEIGHTS_FILE)]]));
  const left = new Set(weights.names());
  const take = async (name: string): Promise<SavedTensor & { data: Float32Array<ArrayBuffer> }> => {
    if (!left.delete(name)) throw new FormatError(`${WEIGHTS_FILE}, tensor ${JSON.stringify(name)}`, "is missing", "Take the file from the run again");
    return { shape: weights.shape(name), data: await weights.read(name) };
  };
  const modules = new Map<string, AdapterModule>();
  for (const [path, value] of Object.entries(json.shortcuts)) {
    const { r, alpha } = isObject(value) ? value : {};
    if (!Number.isSafeInteger(r) || (r as number) < 1) throw wrong(`shortcuts, ${JSON.stringify(path)}`, "r is no whole number above 0");
    if (typeof alpha !== "number" || !(alpha > 0) || !Number.isFinite(alpha)) throw wrong(`shortcuts, ${JSON.stringify(path)}`, "alpha is no number above 0");
    const [A, B] = [await take(`${path}.proj_A.weight`), await take(`${path}.proj_B.weight`)];
    if (A.shape.length !== 2 || B.shape.length !== 2 || A.shape[0] !== r || B.shape[1] !== r)
      throw wrong(`shortcuts, ${JSON.stringify(path)}`, `A is (${A.shape.join(", ")}) and B (${B.shape.join(", ")}), its rank is ${r}`);
    modules.set(path, { r: r as number, alpha, scale: alpha / (r as number), A: A as Matrix, B: B as Matrix });
  }
  const saved = new Map<string, SavedTensor>();
  for (const name of names) saved.set(name, await take(name));
  for (const name of left) throw new FormatError(`${WEIGHTS_FILE}, tensor ${JSON.stringify(name)}`, `is not named in ${SHORTCUTS_FILE}`, "Take both files from one run"); // prettier-ignore
  return { form, modules, saved, adapter: typeof json.adapter === "string" };
}
