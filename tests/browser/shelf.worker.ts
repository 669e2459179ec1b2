// shelf.worker.ts — the browser's shelf in a worker, as the page has it.
import { expose, proxy } from "comlink";
import { browserShelf } from "../../src/session/browser-shelf.ts";
import { StudioDatabase, openDatabase } from "../../src/session/database.ts";

const shelves = new Map<string, Promise<Awaited<ReturnType<typeof browserShelf>>>>();

expose({
  open: async (name: string) => {
    const shelf = await shelves
      .set(
        name,
        browserShelf(() => openDatabase(name)),
      )
      .get(name)!;
    return proxy({ ...shelf, hold: async (id: string) => ((await shelf.hold(id)) ? true : false) });
  },
  /** Files of a run, by name. */
  files: async (name: string, id: string) => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle(`runs-${name}`);
    const names: string[] = [];
    for await (const key of (await folder.getDirectoryHandle(id)).keys()) names.push(key);
    return names;
  },
  /** What a crash leaves: a file that is not whole, and a folder without a run. */
  litter: async (name: string, id: string) => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle(`runs-${name}`);
    await (await folder.getDirectoryHandle(id)).getFileHandle("last-half", { create: true });
    await folder.getDirectoryHandle("nobody", { create: true });
  },
  folders: async (name: string) => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle(`runs-${name}`);
    const names: string[] = [];
    for await (const key of folder.keys()) names.push(key);
    return names;
  },
  batches: async (name: string) => (await new StudioDatabase(name).events.toArray()).map((b) => [b.from, b.events.length]),
  deny: () => {
    navigator.storage.getDirectory = () => Promise.reject(new DOMException("blocked", "SecurityError"));
  },
});
