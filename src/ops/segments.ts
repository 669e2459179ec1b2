// segments.ts — the table that says which tensor lies where in the flat parameter buffers, on the device: u32 (S, 8), a row per tensor,
// sorted by offset, not overlapping, gaps allowed. [offset, length, active, step, lrScale (f32 bits), weightDecay (f32 bits), 0, 0].

export interface Segment {
  /** In elements; a multiple of 4. */
  readonly offset: number;
  /** In elements. */
  readonly length: number;
  /** An inactive segment is skipped by clip and AdamW: values, moments and step stay as they are. */
  readonly active: boolean;
  /** Updates made so far, for the bias correction; advances only while active. */
  readonly step: number;
  readonly lrScale: number;
  readonly weightDecay: number;
}

export const SEGMENT_WORDS = 8;

/** Throws where segments overlap, are unsorted or misaligned. */
export function encodeSegments(segments: readonly Segment[]): Uint32Array {
  const words = new Uint32Array(segments.length * SEGMENT_WORDS);
  const floats = new Float32Array(words.buffer);
  let end = 0;
  segments.forEach((s, i) => {
    if (s.offset % 4 || s.offset < end)
      throw new Error(`segment ${i} at ${s.offset}: offsets are multiples of 4, ascending, and the one before ends at ${end}`);
    end = s.offset + s.length;
    words.set([s.offset, s.length, s.active ? 1 : 0, s.step], i * SEGMENT_WORDS);
    floats.set([s.lrScale, s.weightDecay], i * SEGMENT_WORDS + 4);
  });
  return words;
}

export function decodeSegments(table: ArrayLike<number>): Segment[] {
  const words = Uint32Array.from(table);
  const floats = new Float32Array(words.buffer);
  return Array.from({ length: words.length / SEGMENT_WORDS }, (_, i) => {
    const [offset, length, active, step] = words.subarray(i * SEGMENT_WORDS);
    return { offset, length, active: active !== 0, step, lrScale: floats[i * SEGMENT_WORDS + 4], weightDecay: floats[i * SEGMENT_WORDS + 5] };
  });
}
