// tabs.ts — a Chromium of its own over its pipe, with tabs that are really hidden when another comes to the front: a page that Playwright drives always counts as
// seen and focused.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { browserFlags } from "../../scripts/find-browser.mjs";
import { chromiumPath } from "./chromium.ts";

export interface Tab {
  /** The value of an expression, awaited, as JSON. Throws what it throws. */
  evaluate<T>(expression: string): Promise<T>;
  /** Others of its window are hidden then. */
  toFront(): Promise<void>;
}

export interface Tabs {
  /** permissions: what pages of the address's origin may do. before: a script that runs before any of the page's own. */
  open(url: string, options?: { permissions?: readonly string[]; before?: string }): Promise<Tab>;
  close(): Promise<void>;
}

interface Answer {
  id?: number;
  error?: { message: string };
  result: Record<string, never>;
}

export async function tabs(): Promise<Tabs> {
  const folder = await mkdtemp(join(tmpdir(), "tabs-"));
  const flags = ["--headless=new", ...browserFlags, "--remote-debugging-pipe", `--user-data-dir=${folder}`, "about:blank"];
  const browser: ChildProcess = spawn(chromiumPath(), flags, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
  const ended = new Promise<void>((resolve) => browser.once("exit", () => resolve()));
  const send = protocol(browser.stdio[3] as Writable, browser.stdio[4] as Readable);
  return {
    async open(url, { permissions = [], before } = {}) {
      if (permissions.length > 0) await send("Browser.grantPermissions", { origin: new URL(url).origin, permissions });
      const { targetId } = await send<{ targetId: string }>("Target.createTarget", { url: "about:blank" });
      const { sessionId } = await send<{ sessionId: string }>("Target.attachToTarget", { targetId, flatten: true });
      await send("Page.enable", {}, sessionId);
      if (before) await send("Page.addScriptToEvaluateOnNewDocument", { source: before }, sessionId);
      await send("Page.navigate", { url }, sessionId);
      return {
        async evaluate<T>(expression: string) {
          const { result, exceptionDetails } = await send<{ result: { value: T }; exceptionDetails?: { text: string; exception?: { description?: string } } }>(
            "Runtime.evaluate",
            { expression, awaitPromise: true, returnByValue: true, userGesture: true },
            sessionId,
          );
          if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
          return result.value;
        },
        toFront: () => send("Target.activateTarget", { targetId }),
      };
    },
    async close() {
      browser.kill();
      await ended;
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Calls of the DevTools protocol: JSON messages with a NUL behind each. */
function protocol(to: Writable, from: Readable) {
  const waiting = new Map<number, (answer: Answer) => void>();
  let last = 0;
  let rest = "";
  from.setEncoding("utf8").on("data", (text: string) => {
    const messages = (rest + text).split("\0");
    rest = messages.pop()!;
    for (const answer of messages.map((message) => JSON.parse(message) as Answer)) waiting.get(answer.id ?? 0)?.(answer);
  });
  return <T = void>(method: string, params: object, sessionId?: string): Promise<T> =>
    new Promise((resolve, reject) => {
      const id = ++last;
      waiting.set(id, ({ error, result }) => {
        waiting.delete(id);
        if (error) reject(new Error(`${method}: ${error.message}`));
        else resolve(result as T);
      });
      to.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
}
