// progress.ts — a run's events as text on stderr: one updating line on a terminal, a plain line now and then elsewhere.

import type { TrainEvent } from "../protocol.ts";

const PLAIN_MS = 5000;

/** 4000 → "1:06:40". */
export function clock(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  const two = (n: number): string => String(n).padStart(2, "0");
  return s < 3600 ? `${Math.floor(s / 60)}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

export class Progress {
  private tokens = 0;
  /** Time of the run before the first step that is shown, ms: it may have gone on. */
  private before: number | null = null;
  /** Adapted ones. */
  private sites = 0;
  private shownAt = -Infinity;
  private open = false;

  constructor(
    private readonly steps: number,
    private readonly out: { isTTY?: boolean; columns?: number; write(text: string): unknown } = process.stderr,
  ) {}

  readonly show = (e: TrainEvent): void => {
    if (e.type === "progress") {
      if (this.out.isTTY) this.update(`${e.phase} ${e.done.toLocaleString("en")} of ${e.total.toLocaleString("en")} ${e.unit}`);
    } else if (e.type === "plan") {
      this.sites = e.sites.filter((s) => s.r > 0).length;
      const percent = ((100 * e.trainable) / e.total).toFixed(2);
      this.line(`${e.backend} on ${e.adapterName}: ${e.trainable.toLocaleString("en")} of ${e.total.toLocaleString("en")} parameters trained (${percent} %)`);
      this.line(`${e.dispatches} dispatches per step, ${e.pipelines} pipelines, ${(e.memory.total / 2 ** 20).toFixed(1)} MiB`);
    } else if (e.type === "step") {
      this.tokens += e.tokens;
      this.before ??= e.time - e.ms;
      const text = `step ${e.step}/${this.steps} · loss ${e.loss.toFixed(4)} · ${Math.round(this.tokens / ((e.time - this.before) / 1000))} tokens/s · ${clock((e.time / 1000 / e.step) * (this.steps - e.step))} left`;
      if (this.out.isTTY) this.update(text);
      else if (e.step === 1 || e.step === this.steps || performance.now() - this.shownAt > PLAIN_MS) {
        this.shownAt = performance.now();
        this.line(text);
      }
    } else if (e.type === "evaluation") {
      this.line(`step ${e.step}: evaluation loss ${e.loss.toFixed(4)}, ${metricText(e)} of ${e.rows} rows`);
    } else if (e.type === "allocation") {
      const [on, all] = [e.ranks.filter((r) => r > 0).length, this.sites];
      this.line(
        `step ${e.step}: ${e.proxy} turned on ${on} of ${all} modules, ${e.spent.toLocaleString("en")} of ${e.budget.toLocaleString("en")} ${e.unit}, in ${(e.milliseconds / 1000).toFixed(1)} s`,
      );
    } else if (e.type === "sample") {
      this.line(
        `step ${e.step}, ${e.which}: ${JSON.stringify(e.prompt.slice(-60))} → ${JSON.stringify(e.text)} (expected ${JSON.stringify(e.expected ?? "")})`,
      );
    } else if (e.type === "note") this.line(e.text);
    else if (e.type === "state" && e.detail) this.line(`${e.detail} ${e.hint ?? ""}`.trim());
    else if (e.type === "state" && e.state === "stopped") this.line(`stopped after step ${e.step}`);
  };

  private update(text: string): void {
    this.out.write(`\r\x1b[K${text.slice(0, (this.out.columns || 80) - 1)}`);
    this.open = true;
  }

  /** A line that stays. */
  line(text: string): void {
    this.out.write(`${this.open ? "\r\x1b[K" : ""}${text}\n`);
    this.open = false;
  }

  /** Takes the updating line away. */
  clear(): void {
    if (this.open) this.out.write("\r\x1b[K");
    this.open = false;
  }

  /** Ends the updating line. */
  end(): void {
    if (this.open) this.out.write("\n");
    this.open = false;
  }
}

/** "exact match 12.5 %", or a classifier's metrics: "accuracy 0.812, f1 0.870". */
export const metricText = ({ metric, metrics }: { metric: number; metrics?: Record<string, number> }): string =>
  metrics
    ? Object.entries(metrics)
        .map(([name, value]) => `${name} ${value.toFixed(3)}`)
        .join(", ")
    : `exact match ${(100 * metric).toFixed(1)} %`;
