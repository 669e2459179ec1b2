// folder-shelf.ts — Node only: runs as folders on disk. run.json, events.jsonl, checkpoints/last.safetensors and best.safetensors; a state is written
// beside the old one and takes its name when it is whole.

import { openAsBlob, readFileSync, rmSync, writeFileSync } from "node:fs";
import { appendFile, mkdir, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { TrainEvent } from "../protocol.ts";
import type { RunRecord } from "../protocol/runs.ts";
import type { Shelf, Which } from "./shelf.ts";

/** In a run's folder, while a process trains in it: that process's id. */
export const HELD_FILE = ".held";
/** Those that this process has written: after a crash in a container the next process may get the same id. */
const own = new Set<string>();

/** root: the folder the runs' folders lie in. A run's id is its folder's name. */
export function folderShelf(root: string): Shelf {
  const at = (id: string, ...path: string[]): string => join(root, id, ...path);
  const stateFile = (id: string, which: Which): string => at(id, "checkpoints", `${which}.safetensors`);
  /** Events of each log that lie on disk, where it was looked at before. */
  const lengths = new Map<string, number>();

  const whole = async (path: string, content: string | Uint8Array): Promise<void> => {
    await writeFile(`${path}.part`, content);
    await rename(`${path}.part`, path);
  };
  const lines = (events: readonly TrainEvent[]): string => events.map((e) => `${JSON.stringify(e)}\n`).join("");
  const record = async (id: string): Promise<unknown> => {
    const text = await readFile(at(id, "run.json"), "utf8").catch(() => null);
    return text === null ? undefined : (JSON.parse(text) as unknown);
  };
  const put = async (r: RunRecord): Promise<void> => {
    await mkdir(at(r.id), { recursive: true });
    await whole(at(r.id, "run.json"), `${JSON.stringify(r, null, 2)}\n`);
  };
  const events = async (id: string): Promise<TrainEvent[]> => {
    const text = await readFile(at(id, "events.jsonl"), "utf8").catch(() => "");
    // A line that was cut off in the middle is the last, and it did not happen.
    return text.split("\n").slice(0, -1).flatMap((line) => (line ? [JSON.parse(line) as TrainEvent] : [])); // prettier-ignore
  };
  const heldFile = (id: string): string => resolve(at(id, HELD_FILE));
  const holder = (id: string): "nobody" | "somebody" | "a crash" => {
    const file = heldFile(id);
    const text = textOf(file);
    if (text === null) return "nobody";
    const pid = Number(text);
    // Without a number: somebody is just writing it.
    return (pid === process.pid ? own.has(file) : !pid || isRunning(pid)) ? "somebody" : "a crash";
  };

  return {
    fleeting: null,
    records: async () => {
      const names = await readdir(root).catch(() => []);
      return (await Promise.all(names.map((name) => record(name).catch(() => undefined)))).filter((r) => r !== undefined);
    },
    record,
    put,
    change: async (id, part) => {
      const there = await record(id);
      if (there) await put({ ...(there as RunRecord), ...part });
    },
    events,
    append: async (id, from, more) => {
      const path = at(id, "events.jsonl");
      if (lengths.get(id) === from) await appendFile(path, lines(more));
      else await whole(path, lines([...(await events(id)).slice(0, from), ...more]));
      lengths.set(id, from + more.length);
    },
    write: async (id, which, bytes) => {
      await mkdir(at(id, "checkpoints"), { recursive: true });
      await whole(stateFile(id, which), bytes);
    },
    read: async (id, which) => ((await stat(stateFile(id, which)).catch(() => null)) ? openAsBlob(stateFile(id, which)) : null),
    remove: async (id) => {
      lengths.delete(id);
      await rm(at(id), { recursive: true, force: true });
    },
    room: async () => {
      const names = await readdir(root, { recursive: true }).catch(() => []);
      const sizes = await Promise.all(names.map((name) => stat(join(root, name)).then((s) => (s.isFile() ? s.size : 0), () => 0))); // prettier-ignore
      return { used: sizes.reduce((a, b) => a + b, 0), quota: null };
    },
    hold: async (id) => {
      await mkdir(at(id), { recursive: true });
      const file = heldFile(id);
      if (holder(id) === "a crash") rmSync(file, { force: true });
      if (!create(file, String(process.pid))) return null;
      own.add(file);
      return () => {
        own.delete(file);
        rmSync(file, { force: true });
      };
    },
    held: async () => new Set((await readdir(root).catch(() => [])).filter((id) => holder(id) === "somebody")),
  };
}

/** Also where it is another user's. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (e) {
    return codeOf(e) === "EPERM";
  }
}

/** false: there is such a file. */
function create(path: string, content: string): boolean {
  try {
    writeFileSync(path, content, { flag: "wx", flush: true });
    return true;
  } catch (e) {
    if (codeOf(e) === "EEXIST") return false;
    throw e;
  }
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

const codeOf = (e: unknown): string | undefined => (e as NodeJS.ErrnoException).code;
