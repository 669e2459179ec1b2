// checkpoint.ts — the weights of a model: one safetensors file or several with an index, read one tensor at a time.

import { isFloat, toFloat32, type Dtype } from "./dtype.ts";
import { FormatError } from "./error.ts";
import { readSafetensorsHeader, type TensorEntry } from "./safetensors-header.ts";
import { isObject, readJsonObject, readRange, type ByteSource } from "./source.ts";

/** Every method that takes a name throws FormatError when the checkpoint has no such tensor. */
export interface Checkpoint {
  names(): string[];
  has(name: string): boolean;
  shape(name: string): readonly number[];
  dtype(name: string): Dtype;
  /** F32, F16, BF16 or F64 as f32, in C order; the array is the caller's own. Throws FormatError for other dtypes. */
  read(name: string): Promise<Float32Array<ArrayBuffer>>;
  /** As stored. May be a view of memory that the source keeps. */
  bytes(name: string): Promise<Uint8Array>;
  /** Sum of all tensors as stored, in bytes. */
  readonly size: number;
}

const INDEX = "model.safetensors.index.json";
const INDEX_LIMIT = 100_000_000;

/**
 * Opens the weights in a model's folder (`files`: name → source): `model.safetensors`, else the shards of
 * `model.safetensors.index.json`, else the only `*.safetensors`. Throws FormatError.
 */
export async function openSafetensors(files: ReadonlyMap<string, ByteSource>): Promise<Checkpoint> {
  const single = files.has("model.safetensors") ? ["model.safetensors"] : [...files.keys()].filter((name) => name.endsWith(".safetensors"));
  if (!files.has("model.safetensors") && files.has(INDEX)) return openSharded(files);
  if (single.length === 0) {
    throw new FormatError(
      "model folder",
      `has no model.safetensors (it has: ${[...files.keys()].join(", ") || "nothing"})`,
      "Give the weights as safetensors; .bin files are not read",
    );
  }
  if (single.length > 1) {
    throw new FormatError("model folder", `has ${single.length} safetensors files and no ${INDEX}`, `Add the model's ${INDEX}, or give one file`);
  }
  return openFile(files.get(single[0])!, single[0]);
}

async function openFile(source: ByteSource, file: string): Promise<Checkpoint> {
  const { tensors } = await readSafetensorsHeader(source, file);
  return checkpoint(new Map([...tensors].map(([name, entry]) => [name, { source, file, entry }])), file);
}

async function openSharded(files: ReadonlyMap<string, ByteSource>): Promise<Checkpoint> {
  const { weight_map: map } = await readJsonObject(files.get(INDEX)!, INDEX, INDEX_LIMIT);
  if (!isObject(map)) throw new FormatError(INDEX, "has no weight_map object", "Download the file again");
  const shards = new Map<string, ReadonlyMap<string, TensorEntry>>();
  const places = new Map<string, Place>();
  for (const [name, file] of Object.entries(map)) {
    const where = `${INDEX}, weight_map ${JSON.stringify(name)}`;
    if (typeof file !== "string" || file === "" || /[/\\\0]/.test(file)) {
      throw new FormatError(where, `${JSON.stringify(file)} is not a file name in the same folder`, "Download the index again");
    }
    const source = files.get(file);
    if (!source) throw new FormatError(where, `names ${file}, which is not there`, "Add that file to the folder");
    if (!shards.has(file)) shards.set(file, (await readSafetensorsHeader(source, file)).tensors);
    const entry = shards.get(file)!.get(name);
    if (!entry) throw new FormatError(where, `says that ${file} holds this tensor, but it does not`, "Download the index and the file again");
    places.set(name, { source, file, entry });
  }
  return checkpoint(places, INDEX);
}

interface Place {
  readonly source: ByteSource;
  readonly file: string;
  readonly entry: TensorEntry;
}

function checkpoint(places: ReadonlyMap<string, Place>, file: string): Checkpoint {
  const find = (name: string): Place => {
    const place = places.get(name);
    if (!place) throw new FormatError(file, `has no tensor ${JSON.stringify(name)}`, "Do the weights belong to this config.json?");
    return place;
  };
  const bytes = (name: string): Promise<Uint8Array> => {
    const { source, file, entry } = find(name);
    return readRange(source, entry.begin, entry.end, `${file}, tensor ${JSON.stringify(name)}`);
  };
  return {
    names: () => [...places.keys()],
    has: (name) => places.has(name),
    shape: (name) => find(name).entry.shape,
    dtype: (name) => find(name).entry.dtype,
    bytes,
    async read(name) {
      const { file, entry } = find(name);
      if (!isFloat(entry.dtype)) {
        throw new FormatError(
          `${file}, tensor ${JSON.stringify(name)}`,
          `is ${entry.dtype}; weights must be F32, F16, BF16 or F64`,
          "Save the model in one of these",
        );
      }
      return toFloat32(await bytes(name), entry.dtype);
    },
    size: [...places.values()].reduce((sum, { entry }) => sum + entry.end - entry.begin, 0),
  };
}
