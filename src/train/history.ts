// history.ts — what each step leaves to be read (losses, norms), kept on the device and read back a few times per second, never once per step.

import { type Backend, type Memory, type Range, whole } from "../engine/backend.ts";

const RECORDS = 64;

export class History {
  private readonly memory: Memory;
  private used = 0;

  /** width: elements of one step's record. */
  constructor(
    private readonly backend: Backend,
    private readonly width: number,
  ) {
    this.memory = backend.memory(RECORDS * width, "history");
  }

  get records(): number {
    return this.used;
  }
  get full(): boolean {
    return this.used === RECORDS;
  }

  /** Queues a copy of a value into the record being written. */
  put(at: number, from: Range): void {
    this.backend.copy(from, { memory: this.memory, offset: this.used * this.width + at, elements: from.elements });
  }

  next(): void {
    this.used++;
  }

  /** The records since the last call. Steps queued after the call do not disturb it. */
  async read(): Promise<Float32Array[]> {
    const count = this.used;
    this.used = 0;
    if (!count) return [];
    // All of it, however few records are used: reads of one size share one read-back buffer.
    const data = await this.backend.read(whole(this.memory));
    return Array.from({ length: count }, (_, i) => data.subarray(i * this.width, (i + 1) * this.width));
  }

  destroy(): void {
    this.memory.destroy();
  }
}
