// scale.ts — viridis, safe for colour-blind readers, and the ink that is legible on it.
// Stops: van der Walt & Smith 2015, https://bids.github.io/colormap/

const stops = ["#440154", "#482475", "#414487", "#355f8d", "#2a788e", "#21918c", "#22a884", "#44bf70", "#7ad151", "#bddf26", "#fde725"].map(rgb);

function rgb(hex: string): [number, number, number] {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) as [number, number, number];
}

/** t in 0..1 → colour; outside is clamped. `ink` is black or white, whichever contrasts more (at least 4.58 : 1). */
export function viridis(t: number): { fill: string; ink: string } {
  const at = Math.min(1, Math.max(0, t)) * (stops.length - 1);
  const low = Math.min(stops.length - 2, Math.floor(at));
  const mixed = stops[low].map((c, i) => Math.round(c + (stops[low + 1][i] - c) * (at - low)));
  return { fill: `rgb(${mixed.join(" ")})`, ink: luminance(mixed) > 0.179 ? "#000" : "#fff" };
}

/** WCAG relative luminance of an sRGB colour, 0..255 per channel. */
function luminance(colour: readonly number[]): number {
  const [r, g, b] = colour.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export const gradient = `linear-gradient(to right, ${Array.from({ length: 11 }, (_, i) => viridis(i / 10).fill).join(", ")})`;
