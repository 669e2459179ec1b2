// queue.ts — submits work in slices of about 100 ms with at most about 250 ms (and three plans) in flight, so that stop and pause act at once on
// slow devices and no watchdog fires. The speed of the device is measured as it works.

import type { WebGpuPlan } from "./plan.ts";

const SLICE_MS = 100;
const IN_FLIGHT_MS = 250;
const IN_FLIGHT_PLANS = 6; // three steps: each is a micro and an update plan

export class Queue {
  /** Work units per millisecond; a cautious first guess that the first slices correct. */
  private rate = 2e6;
  private readonly flying: { work: number; done: Promise<void> }[] = [];
  private encoder: GPUCommandEncoder | null = null;
  private encoded = 0;
  private lastDone = 0;
  /** Milliseconds spent in encoding and submitting plans. */
  encodeMs = 0;

  constructor(private readonly gpu: GPUDevice) {}

  /** Adds commands that are submitted with the next slice. */
  encode(fn: (encoder: GPUCommandEncoder) => void): void {
    fn((this.encoder ??= this.gpu.createCommandEncoder()));
  }

  async run(plan: WebGpuPlan, cancelled?: () => boolean): Promise<boolean> {
    plan.bind();
    let from = 0;
    while (from < plan.items.length) {
      if (cancelled?.()) return true;
      const began = performance.now();
      let to = from;
      let work = 0;
      do work += plan.items[to++].work;
      while (to < plan.items.length && this.encoded + work + plan.items[to].work < this.rate * SLICE_MS);
      this.encode((encoder) => plan.encode(encoder, from, to));
      this.encoded += work;
      from = to;
      this.flush();
      this.encodeMs += performance.now() - began;
      await this.room();
    }
    return false;
  }

  /** Submits what is encoded. */
  flush(): void {
    if (!this.encoder) return;
    this.gpu.queue.submit([this.encoder.finish()]);
    this.encoder = null;
    const { encoded: work } = this;
    this.encoded = 0;
    const began = performance.now();
    const landed = (): void => {
      const now = performance.now();
      const ms = now - Math.max(began, this.lastDone);
      this.lastDone = now;
      if (work > 1e6 && ms > 0.05) this.rate += 0.3 * (work / ms - this.rate);
      this.flying.splice(this.flying.indexOf(flight), 1);
    };
    const flight = { work, done: this.gpu.queue.onSubmittedWorkDone().then(landed, landed) };
    this.flying.push(flight);
  }

  private async room(): Promise<void> {
    while (this.flying.length >= IN_FLIGHT_PLANS || (this.flying.length > 1 && this.flying.reduce((sum, f) => sum + f.work, 0) > this.rate * IN_FLIGHT_MS))
      await this.flying[0].done;
  }

  async idle(): Promise<void> {
    this.flush();
    await this.gpu.queue.onSubmittedWorkDone();
  }
}
