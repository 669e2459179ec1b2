// pace.ts — long work on many rows that can be watched and stopped: the worker it runs in hears other messages meanwhile.

import type { Phase } from "../protocol.ts";

/** Of whoever waits for the work. */
export interface Watch {
  signal?: AbortSignal;
  onProgress?: (phase: Phase) => void;
}

/** ms of work between two looks at other messages. */
const TURN = 50;

/** To be awaited between two rows or two pieces of a file, with the number of rows or bytes before. */
export type Pace = (done: number, total: number) => Promise<void> | undefined;

/**
 * Now and then tells how far the work is and lets other messages in. Rejects with the signal's reason (an AbortError)
 * once the work is not wanted any more.
 */
export function paced({ signal, onProgress }: Watch, phase: string, unit: string): Pace {
  let last = performance.now();
  return (done, total) => {
    if (performance.now() - last < TURN) return undefined;
    onProgress?.({ phase, done, total, unit });
    return new Promise<void>((resolve) => setTimeout(resolve)).then(() => {
      signal?.throwIfAborted();
      last = performance.now();
    });
  };
}
