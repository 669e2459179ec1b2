// drop.tsx — files given by the visitor: dropped anywhere on the page or picked, a file to train on, settings, a model folder or a zip of runs.
import { useEffect, useState } from "react";
import type { GivenFile } from "../protocol.ts";
import { useParts } from "./context.ts";
import { text } from "./strings.ts";
import type { PageName } from "./url.ts";

/** What a run trained, in its folder and the one inside it. */
const ADAPTER = /^(adapter_(config\.json|model\.safetensors)|shortcuts\.(json|safetensors))$/;

/** What is dropped is shown by the page it is for. */
export function DropTarget({ go }: { go: (page: PageName) => void }) {
  const { store, library } = useParts();
  const [over, setOver] = useState(false);

  useEffect(() => {
    const holdsFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const enter = (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      setOver(false);
      // Entries must be taken before the first await: the browser empties the list after the event.
      const entries = [...(event.dataTransfer?.items ?? [])].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
      // Files that a script put into the transfer have no entries.
      const loose = entries.length === 0 ? [...(event.dataTransfer?.files ?? [])] : [];
      void read(entries, loose).then(async ({ folder, files }) => {
        if (files.length === 0) return;
        const { give, fail, openSettings } = store.getState();
        const runs = /\.zip$/i.test(files[0].name);
        go(runs ? "runs" : "train");
        if (runs) return library.getState().import(files[0].bytes);
        const trained = files.filter((file) => ADAPTER.test(file.name));
        if (trained.some((file) => file.name.endsWith(".json"))) return store.getState().offerAdapter(trained);
        if (files.length === 1 && /\.json$/i.test(files[0].name) && (await openSettings(files[0].bytes, files[0].name))) return;
        if (files.some((file) => file.name === "config.json" || file.name.endsWith(".safetensors"))) return give("models", folder, files);
        if (files.length > 1) fail({ what: text.data.onlyOne(files[0].name, files.length - 1), hint: text.data.onlyOneHint });
        return give("data", files[0].name, [files[0]]);
      });
    };
    addEventListener("dragenter", enter);
    addEventListener("dragover", enter);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragenter", enter);
      removeEventListener("dragover", enter);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
    };
  }, [store, library, go]);

  return over ? <div className="drop-hint">{text.drop.release}</div> : null;
}

/** Files of a picked folder or a picked file, as the session takes them. */
export function picked(list: FileList): { folder: string; files: GivenFile[] } {
  const files = [...list];
  const folder = files[0]?.webkitRelativePath.split("/")[0] || (files[0]?.name ?? "");
  return { folder, files: files.map((file) => ({ name: file.name, bytes: file })) };
}

/** The dropped files and those one level inside dropped folders; of a run's folder also the adapter's. */
async function read(entries: readonly FileSystemEntry[], loose: readonly File[]): Promise<{ folder: string; files: GivenFile[] }> {
  const files: GivenFile[] = loose.map((file) => ({ name: file.name, bytes: file }));
  let folder = "";
  for (const entry of entries) {
    if (entry.isDirectory) folder ||= entry.name;
    const inside = entry.isDirectory ? await list(entry as FileSystemDirectoryEntry) : [entry];
    const adapter = inside.find((one) => one.isDirectory && one.name === "adapter");
    if (adapter && entry.isDirectory) inside.push(...(await list(adapter as FileSystemDirectoryEntry)));
    for (const file of inside) if (file.isFile) files.push({ name: file.name, bytes: await open(file as FileSystemFileEntry) });
  }
  return { folder: folder || (files[0]?.name ?? ""), files };
}

/** readEntries gives at most 100 entries per call and an empty list at the end. */
async function list(directory: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = directory.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}

const open = (entry: FileSystemFileEntry): Promise<File> => new Promise((resolve, reject) => entry.file(resolve, reject));
