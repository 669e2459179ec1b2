// hub.ts — the only network code: a model repository on the Hugging Face hub, and files beside the page. Both look like a folder.

import { downloadFile, HubApiError, listFiles, modelInfo } from "@huggingface/hub";
import { DataError } from "../data/error.ts";
import { blobSource, count, type ByteSource } from "../formats/source.ts";
import type { Folder } from "./folder.ts";

export interface HubOptions {
  fetch?: typeof fetch;
  /** Another hub with the same interface. */
  hubUrl?: string;
}

const NAME = /^[\w.-]{1,96}\/[\w.-]{1,96}$/;
const REVISION = /^[\w./-]{1,200}$/;

/** `org/name` or `org/name@revision`; the revision is a branch, tag or commit. Throws DataError. */
export function parseHubName(name: string): { repo: string; revision: string } {
  const at = name.indexOf("@");
  const repo = at < 0 ? name : name.slice(0, at);
  const revision = at < 0 ? "main" : name.slice(at + 1);
  if (!NAME.test(repo) || repo.includes(".."))
    throw new DataError("model.source", `"hub:${name}" is not a repository name`, "Write hub:org/name or hub:org/name@revision");
  if (!REVISION.test(revision) || revision.includes(".."))
    throw new DataError("model.source", `"${revision}" is not a revision`, "Write a branch, a tag or a commit after the @");
  return { repo, revision };
}

/** Lists the repository; files are read by ranges when asked for. Throws DataError: offline, not found, gated. */
export async function hubFolder(name: string, options: HubOptions = {}): Promise<Folder> {
  const { repo, revision } = parseHubName(name);
  const where = `hub:${repo}@${revision}`;
  const sizes = new Map<string, number>();
  const hub = { hubUrl: options.hubUrl, fetch: options.fetch };
  let commit: string;
  try {
    // every later read is of this commit, even when the branch moves
    commit = (await modelInfo({ name: repo, revision, additionalFields: ["sha"], ...hub })).sha;
    for await (const { type, path, size } of listFiles({ repo, revision: commit, ...hub })) if (type === "file") sizes.set(path, size);
  } catch (cause) {
    throw explain(cause, where);
  }
  return {
    where,
    revision: commit,
    names: async () => [...sizes.keys()],
    async open(path) {
      const size = sizes.get(path);
      return size === undefined ? null : hubFile(repo, commit, path, size, `${where}, ${path}`, options);
    },
  };
}

function hubFile(repo: string, revision: string, path: string, size: number, where: string, options: HubOptions): ByteSource {
  let opened: Promise<Blob | null> | undefined;
  const read = async (begin: number, end: number): Promise<Uint8Array> => {
    if (begin === end) return new Uint8Array(0);
    try {
      // plain range requests: the hub's chunk protocol answers from more hosts than the page's security policy allows
      opened ??= downloadFile({ repo, revision, path, xet: false, hubUrl: options.hubUrl, fetch: options.fetch });
      const blob = await opened;
      if (!blob) throw new DataError(where, "is not there any more", "Try again");
      const bytes = new Uint8Array(await blob.slice(begin, end).arrayBuffer());
      if (bytes.byteLength === end - begin) return bytes;
      throw new DataError(
        where,
        `the server sent ${count(bytes.byteLength)} bytes where ${count(end - begin)} were asked for`,
        "Try again, or download the model and drop its files here",
      );
    } catch (cause) {
      opened = undefined;
      throw explain(cause, where);
    }
  };
  return { size, read };
}

function explain(cause: unknown, where: string): DataError {
  if (cause instanceof DataError) return cause;
  if (cause instanceof HubApiError) {
    const { statusCode } = cause;
    if (statusCode === 401 || statusCode === 403)
      return new DataError(where, "is not public, or does not exist", "Check the name; for a gated model download its files and drop them here");
    if (statusCode === 404) return new DataError(where, "does not exist on the hub", "Check the name and the revision");
    if (statusCode === 429) return new DataError(where, "the hub refuses more requests for now", "Wait a few minutes and try again");
    return new DataError(where, `the hub answered ${statusCode}`, "Try again later, or use a bundled model");
  }
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new DataError(where, `the hub cannot be reached (${detail})`, "Check the connection, or use a bundled model or files of your own");
}

/**
 * Files under an address of the page's own server, which cannot be listed: a file that is missing is one that the server does not
 * answer with its bytes (a development server answers with its start page instead).
 */
export function httpFolder(url: URL, where: string, request: typeof fetch = fetch): Folder {
  return {
    where,
    revision: null,
    async open(name) {
      let answer: Response;
      try {
        answer = await request(new URL(encodeURIComponent(name), url));
      } catch (cause) {
        throw new DataError(
          `${where}, ${name}`,
          `cannot be fetched (${cause instanceof Error ? cause.message : String(cause)})`,
          "Is the server that showed this page still running?",
        );
      }
      const page = answer.headers.get("content-type")?.startsWith("text/html") ?? false;
      if (answer.status === 404 || (answer.ok && page)) return null;
      if (!answer.ok) throw new DataError(`${where}, ${name}`, `the server answered ${answer.status}`, "Reload the page and try again");
      return blobSource(await answer.blob());
    },
  };
}
