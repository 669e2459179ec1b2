// browser-shelf.ts — runs in the browser: records and events in its database, states as files of the origin. For a worker: only there may files be
// written at once. A state is a new file; when it is whole the database names it, and the one before goes. A crash leaves the one before.

import Dexie from "dexie";
import { heldLocks, holdLock } from "./browser-locks.ts";
import { type EventBatch, type StudioDatabase, storageDenied } from "./database.ts";
import { type Shelf, memoryShelf } from "./shelf.ts";

const FOLDER = "runs";
const LOCK = "rankscope.run.";

/** Where storage is denied (private windows, blocked by the visitor), a shelf in memory that says so. */
export async function browserShelf(open: () => Promise<StudioDatabase>): Promise<Shelf> {
  try {
    const database = await open();
    const { name } = database;
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle(name === "rankscope" ? FOLDER : `${FOLDER}-${name}`, { create: true });
    const shelf = openShelf(database, folder);
    await sweep(database, folder, await shelf.held());
    return shelf;
  } catch (e) {
    return memoryShelf(storageDenied(e));
  }
}

function openShelf(database: StudioDatabase, root: FileSystemDirectoryHandle): Shelf {
  const { runs, events, states } = database;
  const batches = (id: string, from = 0) => events.where("[run+from]").between([id, from], [id, Dexie.maxKey]);
  let files = 0;
  return {
    fleeting: null,
    records: () => runs.toArray(),
    record: (id) => runs.get(id),
    put: async (record) => void (await runs.put(record)),
    change: async (id, part) => void (await runs.update(id, part)),
    events: async (id) => (await batches(id).toArray()).flatMap((batch) => batch.events),
    append: (id, from, more) =>
      database.transaction("rw", events, async () => {
        await batches(id, from).delete();
        const before = await batches(id).last();
        if (before && before.from + before.events.length > from) await events.put({ ...before, events: before.events.slice(0, from - before.from) });
        if (more.length) await events.put({ run: id, from, events: [...more] } satisfies EventBatch);
      }),
    write: async (id, which, bytes) => {
      const folder = await root.getDirectoryHandle(id, { create: true });
      const file = `${which}-${Date.now().toString(36)}-${files++}`;
      try {
        await writeFile(folder, file, bytes);
      } catch (e) {
        await folder.removeEntry(file).catch(() => {});
        throw e;
      }
      const before = await states.get([id, which]);
      await states.put({ run: id, which, name: file, bytes: bytes.length });
      if (before) await folder.removeEntry(before.name).catch(() => {});
    },
    read: async (id, which) => {
      const state = await states.get([id, which]);
      if (!state) return null;
      const folder = await root.getDirectoryHandle(id);
      return (await folder.getFileHandle(state.name)).getFile();
    },
    remove: async (id) => {
      await database.transaction("rw", runs, events, states, async () => {
        await runs.delete(id);
        await batches(id).delete();
        await states.where("[run+which]").between([id, Dexie.minKey], [id, Dexie.maxKey]).delete();
      });
      await root.removeEntry(id, { recursive: true }).catch(() => {});
    },
    room: async () => {
      const { usage = 0, quota } = await navigator.storage.estimate();
      return { used: usage, quota: quota ?? null };
    },
    hold: (id) => holdLock(LOCK + id),
    held: () => heldLocks(LOCK),
  };
}

/** What only a worker has. */
interface AccessHandle {
  write(data: Uint8Array, o: { at: number }): number;
  flush(): void;
  close(): void;
}

/** Bytes of a blob that are in memory at once. */
const SLICE = 8 * 2 ** 20;

/** Throws QuotaExceededError where there is no room. */
export async function writeFile(folder: FileSystemDirectoryHandle, name: string, bytes: Uint8Array<ArrayBuffer> | Blob): Promise<void> {
  const file = await folder.getFileHandle(name, { create: true });
  const access = await (file as FileSystemFileHandle & { createSyncAccessHandle(): Promise<AccessHandle> }).createSyncAccessHandle();
  try {
    const write = (some: Uint8Array<ArrayBuffer>, from: number): void => {
      for (let at = 0; at < some.length;) {
        const written = access.write(some.subarray(at), { at: from + at });
        if (written === 0) throw new DOMException("no byte more was written", "QuotaExceededError");
        at += written;
      }
    };
    if (bytes instanceof Blob) for (let at = 0; at < bytes.size; at += SLICE) write(new Uint8Array(await bytes.slice(at, at + SLICE).arrayBuffer()), at);
    else write(bytes, 0);
    access.flush();
  } finally {
    access.close();
  }
}

/** Files that no record names: what a crash has left. Runs that another tab holds are left alone. */
async function sweep({ runs, states }: StudioDatabase, root: FileSystemDirectoryHandle, held: ReadonlySet<string>): Promise<void> {
  const known = new Set(await runs.toCollection().primaryKeys());
  const named = new Set((await states.toArray()).map(({ run, name }) => `${run}/${name}`));
  for await (const [id, handle] of root.entries()) {
    if (held.has(id)) continue;
    if (!known.has(id) || handle.kind === "file") await root.removeEntry(id, { recursive: true }).catch(() => {});
    else
      for await (const name of (handle as FileSystemDirectoryHandle).keys())
        if (!named.has(`${id}/${name}`)) await (handle as FileSystemDirectoryHandle).removeEntry(name).catch(() => {});
  }
}
