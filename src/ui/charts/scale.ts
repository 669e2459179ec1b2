// scale.ts — the colours of numbers, safe for colour-blind readers, and the ink that is legible on them: viridis for amounts, orange to blue with
// nothing in the middle for differences. Stops: van der Walt & Smith 2015, https://bids.github.io/colormap/; Brewer's PuOr and RdBu, colorbrewer2.org

export interface Colour {
  fill: string;
  ink: string;
}

const stops = ["#440154", "#482475", "#414487", "#355f8d", "#2a788e", "#21918c", "#22a884", "#44bf70", "#7ad151", "#bddf26", "#fde725"].map(rgb);

function rgb(hex: string): Rgb {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) as unknown as Rgb;
}

/** t in 0..1 → colour; outside is clamped. `ink` is black or white, whichever contrasts more (at least 4.58 : 1). */
export const viridis = (t: number): Colour => coloured(between(stops, t));

/** What is nothing lies in the ground of the page, so the scale has a light and a dark form. */
const differences = {
  light: ["#b35806", "#fdb863", "#ededea", "#92c5de", "#2166ac"].map(rgb),
  dark: ["#ffb45c", "#a85f14", "#2a2d32", "#2b6ea6", "#8cc7ff"].map(rgb),
};

/** t in −1..1 → orange … nothing … blue; outside is clamped. */
export function diverging(t: number): Colour {
  const [light, dark] = [differences.light, differences.dark].map((scale) => coloured(between(scale, (t + 1) / 2)));
  return { fill: `light-dark(${light.fill}, ${dark.fill})`, ink: `light-dark(${light.ink}, ${dark.ink})` };
}

type Rgb = readonly [number, number, number];

function between(scale: readonly Rgb[], t: number): number[] {
  const at = Math.min(1, Math.max(0, t)) * (scale.length - 1);
  const low = Math.min(scale.length - 2, Math.floor(at));
  return scale[low].map((c, i) => Math.round(c + (scale[low + 1][i] - c) * (at - low)));
}

const coloured = (mixed: readonly number[]): Colour => ({ fill: `rgb(${mixed.join(" ")})`, ink: luminance(mixed) > 0.179 ? "#000" : "#fff" });

/** WCAG relative luminance of an sRGB colour, 0..255 per channel. */
function luminance(colour: readonly number[]): number {
  const [r, g, b] = colour.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

const toRight = (colour: (t: number) => Colour): string => `linear-gradient(to right, ${Array.from({ length: 11 }, (_, i) => colour(i / 10).fill).join(", ")})`;

export const gradient = toRight(viridis);
export const divergingGradient = toRight((t) => diverging(2 * t - 1));
