// What the map draws: places outside of layers, a moment of a run, two runs compared, colours that can be read, files of the same numbers.
import { describe, expect, test } from "vitest";
import type { RunConfig, SiteInfo } from "../../src/protocol.ts";
import { agreement, agreementCsv, scoresCsv } from "../../src/ui/agreement.ts";
import { topCount } from "../../src/ui/budget.ts";
import { differenceCsv } from "../../src/ui/charts/difference-table.tsx";
import { comparable, compare, differencePicture } from "../../src/ui/charts/difference.ts";
import { layersOf } from "../../src/ui/charts/layers.ts";
import { pictureOf } from "../../src/ui/charts/picture.ts";
import { rankViews, type ViewName } from "../../src/ui/charts/rank-views.ts";
import { diverging, viridis } from "../../src/ui/charts/scale.ts";
import { momentAt, shownOfRun, shownOfSetup } from "../../src/ui/charts/shown.ts";
import { sitesCsv } from "../../src/ui/charts/sites-table.tsx";
import { signed, short } from "../../src/ui/format.ts";
import { replay } from "../../src/ui/runs.ts";
import { dynamicRun, eventLog, first, sitesOf } from "./fixture.ts";

const view = (name: ViewName) => rankViews.find((one) => one.name === name)!;
const rows = (csv: string): string[][] => csv.trimEnd().split("\r\n").map((line) => line.split(",")); // prettier-ignore
const pooler: SiteInfo = { name: "pooler.dense", layer: -1, module: "dense", in: 64, out: 64, r: 4, alpha: 8, parameters: 512 };

describe("places outside of layers", () => {
  const sites = [pooler, ...sitesOf(first, 2)];
  test("have the last row, and are called so", () => {
    expect(layersOf(sites)).toEqual([0, 1, -1]);
    const { cells } = pictureOf(view("rank"), { sites, measured: {}, windows: [] });
    expect(cells[0].label).toBe("outside layers, dense: rank 4, 512 parameters");
  });
  test("have no layer in a file, and count in the sums", () => {
    const [head, row] = rows(sitesCsv(sites, {}));
    expect([head[1], row[1]]).toEqual(["layer", ""]);
    const picture = pictureOf(view("rank"), { sites, measured: {}, windows: [] });
    expect(picture.total(sites.map((_, i) => i))).toBe(4 + 14 * 8);
  });
});

describe("a run at a moment", () => {
  const run = replay(eventLog(dynamicRun));
  test("is as it was then: ranks, scores, shares", () => {
    const begin = shownOfRun(run, true, 0);
    expect(begin.allocations).toHaveLength(1);
    expect(begin.measured.on!.filter((share) => share === 1)).toHaveLength(10);
    const now = shownOfRun(run, true, null);
    expect(now.sites).toBe(run.sites);
    expect(now.measured.window!.step).toBe(120);
    expect(shownOfRun(run, false, null).measured.on).toBeUndefined();
  });
  test("a step belongs to the last moment not after it", () => {
    const steps = run.moments.map(({ step }) => step);
    expect(steps.slice(0, 4)).toEqual([0, 5, 10, 12]);
    expect([0, 4, 5, 11, 12, 1e9].map((step) => momentAt(run, step))).toEqual([0, 0, 1, 2, 3, steps.length - 1]);
    expect(momentAt({ moments: run.moments.slice(1) }, 0)).toBe(0);
    expect(momentAt({ moments: [] }, 3)).toBeNull();
  });
});

describe("two runs compared", () => {
  const of = (config: RunConfig) => shownOfRun(replay(eventLog(config)), config.allocation?.when === "dynamic", null);
  const [dynamic, plain] = [of(dynamicRun), of(first)];
  test("rank, share on and ‖ΔW‖ where both know them, what is off counts as 0", () => {
    expect(rankViews.filter((one) => comparable(one, dynamic, plain)).map(({ name }) => name)).toEqual(["rank", "on", "delta", "gradient", "parameters"]);
    const ranks = compare(view("rank"), dynamic, plain);
    expect(ranks.filter(({ difference }) => difference === -8)).toHaveLength(32);
    const on = compare(view("on"), dynamic, plain);
    for (const [i, { first: a, second: b }] of on.entries()) expect([a, b]).toEqual([dynamic.measured.on![i], 1]);
    const off = dynamic.sites.findIndex(({ r }) => r === 0);
    expect(compare(view("delta"), dynamic, plain)[off]).toMatchObject({ first: 0, second: plain.measured.window!.deltaNorm[off] });
  });
  test("scores and places where both were scored; a better place is more", () => {
    const other = of({ ...dynamicRun, train: { ...dynamicRun.train, steps: 30 } });
    const order = compare(view("order"), dynamic, other);
    const moved = order.findIndex(({ difference }) => difference! > 0);
    expect(dynamic.measured.order![moved]).toBeLessThan(other.measured.order![moved]);
    const { cells } = differencePicture(view("order"), dynamic, other, ["this run", "run 1"]);
    expect(cells[moved].shows).toMatch(/^\+\d+$/);
    expect(cells[moved].label).toContain(`order ${dynamic.measured.order![moved]} in this run, ${other.measured.order![moved]} in run 1`);
  });
  test("margins are differences of the sums; swapped, all signs turn", () => {
    const [there, back] = [differencePicture(view("delta"), dynamic, plain, ["a", "b"]), differencePicture(view("delta"), plain, dynamic, ["b", "a"])];
    const places = dynamic.sites.map((_, i) => i);
    const norm = (values: readonly number[]) => Math.hypot(...values);
    const values = (which: "first" | "second") => compare(view("delta"), dynamic, plain).map((place) => place[which]!);
    expect(there.total(places)).toBeCloseTo(norm(values("first")) - norm(values("second")), 12);
    expect(back.total(places)).toBeCloseTo(-there.total(places), 12);
    for (const [i, cell] of there.cells.entries()) expect(cell.shows.replace("−", "+")).toBe(back.cells[i].shows.replace("−", "+"));
    expect(there.scale.from).toMatch(/^more in b −/);
  });
  test("the same run differs nowhere, and is painted so", () => {
    for (const { shows, colour } of differencePicture(view("delta"), plain, plain, ["a", "b"]).cells) {
      expect(shows).toBe("0");
      expect(colour).toEqual(diverging(0));
    }
  });
  test("places belong together by name; what only one has is not known", () => {
    const less = shownOfSetup(plain.sites.slice(7).toReversed(), null, null);
    const ranks = compare(view("rank"), plain, less);
    expect(ranks.map(({ difference }) => difference)).toEqual([...Array(7).fill(null), ...Array(35).fill(0)]);
    expect(differencePicture(view("rank"), plain, less, ["a", "b"]).cells[0]).toMatchObject({ shows: "·", off: true });
    expect(comparable(view("rank"), plain, shownOfSetup([pooler], null, null))).toBe(false);
  });
  test("all of it in one file", () => {
    const [head, ...body] = rows(differenceCsv(dynamic, plain));
    expect(head.slice(0, 6)).toEqual(["site", "layer", "module", "rank_first", "rank_second", "rank_difference"]);
    expect(body).toHaveLength(42);
    for (const row of body)
      for (let c = 3; c < head.length; c += 3) if (row[c] && row[c + 1]) expect(Number(row[c]) - Number(row[c + 1])).toBeCloseTo(Number(row[c + 2]), 9);
  });
});

describe("colours", () => {
  const channel = (c: number): number => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = (colour: string): number => {
    const [r, g, b] = colour === "#000" ? [0, 0, 0] : colour === "#fff" ? [255, 255, 255] : colour.match(/\d+/g)!.map(Number);
    return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  };
  const contrast = (a: string, b: string): number => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const steps = Array.from({ length: 101 }, (_, i) => i / 50 - 1);
  test("ink can be read on each, in light and dark", () => {
    for (const t of steps) {
      const { fill, ink } = viridis((t + 1) / 2);
      expect(contrast(fill, ink)).toBeGreaterThan(4.5);
      const both = (css: string) => css.match(/^light-dark\((.*), (.*)\)$/)!.slice(1);
      const [fills, inks] = [both(diverging(t).fill), both(diverging(t).ink)];
      for (const i of [0, 1]) expect(contrast(fills[i], inks[i])).toBeGreaterThan(4.5);
    }
  });
  test("nothing lies in the middle, in the lightness of the page, and grows to both sides", () => {
    const [light, dark] = [0, 1].map((i) => steps.map((t) => luminance(diverging(t).fill.match(/rgb\([^)]*\)/g)![i])));
    expect(light.indexOf(Math.max(...light))).toBe(50);
    expect(dark.indexOf(Math.min(...dark))).toBe(50);
    expect(diverging(7)).toEqual(diverging(1));
  });
});

test("a difference has its sign, and none where it rounds to nothing", () => {
  expect([3, -0.25, 0, -1e-9].map((n) => signed(n, short))).toEqual(["+3", "−0.25", "0", "−1.0e-9"]);
  expect(signed(-0.001, (n) => n.toFixed(1))).toBe("0.0");
});

describe("scores by several proxies", () => {
  const sites = [pooler, { ...sitesOf(first, 1)[0], r: 0, parameters: 0 }, ...sitesOf(first, 1).slice(1, 4)];
  const proxies = [
    { name: "a", title: "A", scores: [4, 0, 3, 2, 1] },
    { name: "b", title: "B", scores: [1, 0, 2, 3, 4] },
    { name: "c", title: "C", scores: [1, 0, 1, 1, 1] },
  ];
  const there = sites.map(({ parameters }) => parameters > 0);
  test("agree as far as their orders of what is adapted do", () => {
    expect(agreement("correlation", proxies, there, 1)).toEqual([[null, -1, null], [-1, null, null], [null, null, null]]); // prettier-ignore
    expect(agreement("overlap", proxies, there, 2)[0]).toEqual([null, 0, 0.5]);
  });
  test("in files", () => {
    const [head, row] = rows(scoresCsv(sites, proxies));
    expect(head).toEqual(["site", "layer", "module", "a", "a_place", "b", "b_place", "c", "c_place"]);
    expect(row).toEqual(["pooler.dense", "", "dense", "4", "1", "1", "4", "1", "1"]);
    expect(rows(scoresCsv(sites, proxies))).toHaveLength(5);
    expect(rows(agreementCsv(proxies, agreement("correlation", proxies, there, 1)))[1]).toEqual(["a", "", "-1", ""]);
  });
  test("the best are as many as the budget pays for, at least one", () => {
    expect([{ share: 0.25 }, { share: 0.1 }, { modules: 3 }, { modules: 99 }].map((budget) => topCount(budget, sitesOf(first)))).toEqual([10, 4, 3, 42]);
    expect(topCount({ share: 0.01 }, sitesOf(first))).toBe(1);
    expect(topCount({ parameters: 81_408 }, sitesOf(first))).toBe(21);
  });
});
