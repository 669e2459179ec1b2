// lines.ts — a text file as lines, each with its number: unpacked where it is gzip, read as a stream, so that a file is never held. What cannot
// be read is named by line, and the lines around it are kept.

import { count } from "../formats/source.ts";
import { DataError } from "./error.ts";

const HEAD = 1024; // bytes
export const LINE_LIMIT = 2 ** 20; // bytes

/** A file of text, unpacked where it is packed. */
export interface TextFile {
  /** Without `.gz`. */
  name: string;
  /** The bytes from the beginning, in pieces. Throws DataError where a packed file is broken. */
  chunks(): AsyncGenerator<Uint8Array>;
  /** The first bytes, one character each, without a byte order mark. */
  head: string;
  /** Bytes of the file, packed as it is; packed: that is not the length of the text. read: so many of them since chunks() was called last. */
  bytes: number;
  read(): number;
  /** Reading ended before the file did. */
  cut(): boolean;
  packed: boolean;
}

/** Throws DataError: UTF-16, or a gzip file that is none. */
export async function openText(bytes: Blob | Uint8Array, name: string): Promise<TextFile> {
  const blob = bytes instanceof Blob ? bytes : new Blob([bytes as Uint8Array<ArrayBuffer>]);
  const magic = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  const packed = magic[0] === 0x1f && magic[1] === 0x8b;
  let read = 0;
  const chunks = (): AsyncGenerator<Uint8Array> => {
    read = 0;
    return chunksOf(blob, packed, name, (bytes) => (read += bytes));
  };
  const file = { name: packed ? name.replace(/\.gz$/i, "") : name, chunks, bytes: blob.size, read: () => read, cut: () => false, packed };
  const head = await headOf(file.chunks());
  if (/^(\xff\xfe|\xfe\xff)/.test(head)) throw new DataError(name, "is UTF-16 text", "Save it as UTF-8");
  return { ...file, head: head.replace(/^\xef\xbb\xbf/, "") };
}

async function* chunksOf(blob: Blob, packed: boolean, name: string, onRead: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  const counted = blob.stream().pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, out) {
        onRead(chunk.byteLength);
        out.enqueue(chunk);
      },
    }),
  );
  const reader = (packed ? counted.pipeThrough(new DecompressionStream("gzip")) : counted).getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (cause) {
    const [what, hint] = packed ? ["is no whole gzip file", "Pack or download it again"] : ["cannot be read", "Was it moved or changed? Open it again"];
    throw new DataError(name, `${what} (${cause instanceof Error ? brief(cause.message, 120) : "unreadable"})`, hint);
  } finally {
    reader.cancel().catch(() => {}); // whoever stops in the middle
  }
}

async function headOf(chunks: AsyncGenerator<Uint8Array>): Promise<string> {
  let head = "";
  for await (const chunk of chunks) {
    head += String.fromCharCode(...chunk.subarray(0, HEAD - head.length));
    if (head.length >= HEAD) break;
  }
  return head;
}

/** What kind of value it is, for messages: "null", "a list", "a number". */
export const kindOf = (value: unknown): string =>
  value === null ? "null" : Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : `a ${typeof value}`;

export const brief = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length)}…` : text);

/** Names of columns for messages, the first eight. */
export const list = (columns: readonly string[]): string =>
  columns
    .slice(0, 8)
    .map((column) => brief(column, 40))
    .join(", ") || "nothing";

export interface Line {
  /** 1-based. */
  line: number;
  text: string;
  /** Why the line cannot be used: not UTF-8, or longer than LINE_LIMIT. */
  wrong?: string;
}

/** Lines that end with LF or CRLF, the last one also without; a byte order mark at the start is skipped. Holds one line at a time. */
export async function* lines({ chunks }: Pick<TextFile, "chunks">): AsyncGenerator<Line> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let line = 0;
  let parts: Uint8Array[] = [];
  let length = 0; // of the line so far, in bytes; parts are dropped above the limit
  const add = (part: Uint8Array) => {
    length += part.byteLength;
    if (length <= LINE_LIMIT) parts.push(part);
    else parts = [];
  };
  const finish = (): Line => {
    line++;
    const wrong = length > LINE_LIMIT ? `is ${count(length)} bytes long (limit ${count(LINE_LIMIT)})` : undefined;
    const whole = wrong || parts.length === 0 ? new Uint8Array(0) : parts.length === 1 ? parts[0] : concat(parts);
    parts = [];
    length = 0;
    if (wrong) return { line, text: "", wrong };
    try {
      return {
        line,
        text: decoder
          .decode(whole)
          .replace(/\r$/, "")
          .replace(line === 1 ? /^\uFEFF/ : /^(?!)/, ""),
      };
    } catch {
      return { line, text: "", wrong: "is not UTF-8 text" };
    }
  };
  for await (const chunk of chunks()) {
    let begin = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, begin)) {
      add(chunk.subarray(begin, end));
      yield finish();
      begin = end + 1;
    }
    add(chunk.subarray(begin));
  }
  if (length > 0) yield finish();
}

export function concat(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}
