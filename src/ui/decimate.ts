// decimate.ts — which of n points to draw: the first, the last, and the minimum and maximum of each bucket, so that no
// spike is lost. Also the exponential moving average drawn over them.

/** Indices in ascending order, at most `most` of them (most ≥ 4). Values that are not finite are drawn only at the ends. */
export function decimate(values: ArrayLike<number>, length: number, most: number): number[] {
  if (length <= most) return Array.from({ length }, (_, i) => i);
  const kept = [0];
  const buckets = Math.floor((most - 2) / 2);
  const inner = length - 2;
  for (let b = 0; b < buckets; b++) {
    const from = 1 + Math.floor((b * inner) / buckets);
    const to = 1 + Math.floor(((b + 1) * inner) / buckets);
    let low = -1;
    let high = -1;
    for (let i = from; i < to; i++) {
      if (!Number.isFinite(values[i])) continue;
      if (low < 0 || values[i] < values[low]) low = i;
      if (high < 0 || values[i] > values[high]) high = i;
    }
    if (low < 0) continue;
    kept.push(Math.min(low, high));
    if (low !== high) kept.push(Math.max(low, high));
  }
  kept.push(length - 1);
  return kept;
}

/** m ← βm + (1−β)x, divided by 1−βᵗ so that the first values are not pulled to zero. β = 0: the values themselves. */
export function smooth(values: ArrayLike<number>, length: number, beta: number): Float64Array {
  const out = new Float64Array(length);
  let mean = 0;
  let weight = 0;
  for (let i = 0; i < length; i++) {
    if (Number.isFinite(values[i])) {
      mean = beta * mean + (1 - beta) * values[i];
      weight = beta * weight + (1 - beta);
    }
    out[i] = weight > 0 ? mean / weight : NaN;
  }
  return out;
}
