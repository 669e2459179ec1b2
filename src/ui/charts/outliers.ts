// outliers.ts — up to where a chart goes if single spikes shall not flatten the rest: what nine of ten values around each place stay under. Pure.

const buckets = 100;
/** A chart is cut only where that wins something. */
const worthIt = 1.3;
/** Of the trend: the noise around it. */
const headroom = 1.15;

/**
 * The top of the values from index `from` to `to` (not included), or the largest of them where there are no spikes. The trend is never cut: the
 * median of every hundredth part counts, so that a loss which begins high is shown from its beginning.
 */
export function topOf(values: ArrayLike<number>, from: number, to: number): number {
  const finite: number[] = [];
  let trend = 0;
  let most = 0;
  const size = Math.max(5, Math.ceil((to - from) / buckets));
  for (let start = from; start < to; start += size) {
    const bucket: number[] = [];
    for (let i = start; i < Math.min(start + size, to); i++) if (Number.isFinite(values[i])) bucket.push(values[i]);
    if (bucket.length === 0) continue;
    bucket.sort((a, b) => a - b);
    if (bucket.length >= 3) trend = Math.max(trend, bucket[bucket.length >> 1]);
    most = Math.max(most, bucket[bucket.length - 1]);
    for (const value of bucket) finite.push(value);
  }
  finite.sort((a, b) => a - b);
  const usual = finite[Math.floor(0.97 * (finite.length - 1))] ?? 0;
  const top = Math.max(usual, headroom * trend);
  return finite.length >= 20 && most > worthIt * top ? top : most;
}

/** How many values lie above the top. */
export function above(values: ArrayLike<number>, from: number, to: number, top: number): number {
  let n = 0;
  for (let i = from; i < to; i++) if (values[i] > top) n++;
  return n;
}
