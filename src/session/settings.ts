// settings.ts — a configuration as a file: the JSON that `train` reads, or a run's zip, which holds one. What was never meant as settings (rows, an adapter) is
// told apart from settings with a mistake in them.

import { FormatError } from "../formats/error.ts";
import { isObject } from "../formats/source.ts";
import { readZip } from "../formats/zip.ts";
import { ConfigError } from "../models/model.ts";
import type { Problem, RunConfig } from "../protocol.ts";
import { firstRun, isComparison, parseConfig } from "../train/config.ts";
import { problemOf } from "./problem.ts";

/** Larger than any configuration: its longest lists have 10,000 names. */
const FILE_LIMIT = 4 * 2 ** 20;
const ZIP_LIMITS = { files: 10_000, bytes: 16 * FILE_LIMIT };
const isConfig = (path: string): boolean => /^([^/]+\/)?config\.json$/.test(path);

/** null: it holds something else. */
export async function readSettings(file: Blob, name: string): Promise<{ config: RunConfig } | { problems: Problem[] } | null> {
  try {
    const json = /\.zip$/i.test(name) ? inZip(readZip(new Uint8Array(await file.arrayBuffer()), ZIP_LIMITS, name, isConfig), name) : await inFile(file, name);
    return json === null ? null : { config: parseConfig(json) };
  } catch (e) {
    const problem = problemOf(e);
    return { problems: [{ ...problem, where: problem.where.includes(name) ? problem.where : `${name}, ${problem.where}` }] };
  }
}

/** Throws ConfigError: JSON that names fields, and is broken. */
async function inFile(file: Blob, name: string): Promise<object | null> {
  if (file.size > FILE_LIMIT) return null;
  const text = await file.text();
  try {
    return settingsIn(JSON.parse(text));
  } catch (cause) {
    // Lines of JSON are rows; they are no JSON together.
    const rows = text.trimStart().split("\n", 1).every(isJson);
    if (rows || !Object.keys(firstRun).some((key) => new RegExp(`"${key}"\\s*:`).test(text))) return null;
    throw new ConfigError(name, `is not JSON (${(cause as Error).message.split("\n")[0]})`, "Mend it there, or save the settings again.");
  }
}

/** Throws FormatError: several runs. */
function inZip(files: ReadonlyMap<string, Uint8Array>, name: string): object | null {
  const found = [...files.values()].flatMap((bytes) => {
    const text = new TextDecoder().decode(bytes);
    return (isJson(text) && settingsIn(JSON.parse(text))) || [];
  });
  if (found.length > 1)
    throw new FormatError(name, `holds the settings of ${found.length} runs`, "Import it on the Runs page and take the settings of one of them");
  return found[0] ?? null;
}

/** An object at least half of whose keys are fields of a configuration, their groups being objects; a comparison, for its own fault. */
function settingsIn(json: unknown): object | null {
  if (!isObject(json)) return null;
  const fields = Object.entries(firstRun);
  const known = fields.filter(([key, usual]) => Object.hasOwn(json, key) && (!isObject(usual) || isObject(json[key])));
  return isComparison(json) || 2 * known.length >= Object.keys(json).length ? json : null;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
