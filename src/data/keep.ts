// keep.ts — how much of a file is kept: enough for any run that a page or a laptop makes, whatever the size of the file. Reading ends where it is full.

import { count } from "../formats/source.ts";
import type { TextFile } from "./lines.ts";
import { type Watch, paced } from "./pace.ts";

/** Encoding them takes seconds to a minute. */
const ROWS = 200_000;
const CHARACTERS = 16 * 2 ** 20;
/** Bytes read in all: a small packed file may be a very large one. */
const READ = 4 * 2 ** 30;

export class Kept {
  private rows = 0;
  private characters = 0;
  private read = 0;
  /** Reading ended because the file is too long. */
  private cut = false;

  private constructor(
    private readonly file: TextFile,
    private readonly limit: { rows: number; characters: number; read: number },
  ) {}

  /** The same file, with its bytes counted as they are read; its end where too many were. Watched from piece to piece: a line may be as long as the file. */
  static of(file: TextFile, watch: Watch = {}, limit = { rows: ROWS, characters: CHARACTERS, read: READ }): { file: TextFile; kept: Kept } {
    const kept = new Kept(file, limit);
    const chunks = async function* (): AsyncGenerator<Uint8Array> {
      const pace = paced(watch, "reading data", "bytes");
      for await (const chunk of file.chunks()) {
        await pace(file.read(), file.bytes);
        kept.read += chunk.byteLength;
        yield chunk;
        kept.cut = kept.read >= limit.read;
        if (kept.cut) return;
      }
    };
    return { file: { ...file, chunks, cut: () => kept.cut }, kept };
  }

  /** To be told of every row. */
  add(characters: number): void {
    this.rows++;
    this.characters += characters;
  }

  /** No row more. */
  get full(): boolean {
    return this.rows >= this.limit.rows || this.characters >= this.limit.characters;
  }

  /** What was not read, in words. stopped: reading ended before the file did. */
  unread(stopped: boolean): { unread?: string } {
    if (!stopped && !this.cut) return {};
    const { bytes, packed } = this.file;
    const rest = packed ? "the rest of the file" : `the other ${count(Math.max(1, Math.round((bytes - this.read) / 1e6)))} MB of the file`;
    const what = `The first ${count(this.rows)} rows are used (${count(Math.round(this.characters / 1e6))} million characters); ${rest} is not read. Shuffle a sorted file before, or give a part of it.`;
    return { unread: what };
  }
}
