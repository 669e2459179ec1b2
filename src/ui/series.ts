// series.ts — columns of numbers that only grow. `append` returns a new view; older views stay valid, because they share
// the buffer but know their own length. The buffer doubles when full, so appending is O(1) on average.

export interface Series<K extends string> {
  readonly length: number;
  /** Read only indices below `length`: the rest of each buffer belongs to later views. */
  readonly columns: Readonly<Record<K, Float64Array>>;
  /** Rows written into the shared buffers by any view. */
  readonly shared: { used: number };
}

export function emptySeries<K extends string>(names: readonly K[], capacity = 64): Series<K> {
  const columns = Object.fromEntries(names.map((name) => [name, new Float64Array(capacity)])) as Record<K, Float64Array>;
  return { length: 0, columns, shared: { used: 0 } };
}

export function append<K extends string>(series: Series<K>, row: Readonly<Record<K, number>>): Series<K> {
  const names = Object.keys(series.columns) as K[];
  const capacity = series.columns[names[0]].length;
  // A second branch from the same view, or a full buffer, gets a copy of its own.
  const own = series.shared.used === series.length && series.length < capacity;
  const columns = own
    ? series.columns
    : (Object.fromEntries(names.map((name) => [name, grown(series.columns[name], series.length)])) as Record<K, Float64Array>);
  for (const name of names) columns[name][series.length] = row[name];
  const shared = own ? series.shared : { used: series.length };
  shared.used = series.length + 1;
  return { length: series.length + 1, columns, shared };
}

function grown(values: Float64Array, length: number): Float64Array {
  const copy = new Float64Array(Math.max(64, 2 * length));
  copy.set(values.subarray(0, length));
  return copy;
}
