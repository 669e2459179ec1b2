// difference.ts — two runs compared place by place: what the first has more of is blue, what the second has more of is orange. Pure.
import { signed, tiny } from "../format.ts";
import { text } from "../strings.ts";
import { placeOf, type Painted, type Picture } from "./picture.ts";
import type { RankView } from "./rank-views.ts";
import { diverging, divergingGradient } from "./scale.ts";
import type { Shown } from "./shown.ts";

/** A place in both runs. null: not known, or not there. Arrays of them are in the order of the first run's sites. */
export interface Compared {
  first: number | null;
  second: number | null;
  difference: number | null;
}

/** Places belong together by name. */
export function compare(view: RankView, first: Shown, second: Shown): Compared[] {
  const valueOf = view.compared ?? view.value;
  const place = new Map(second.sites.map((site, i) => [site.name, i]));
  return first.sites.map((site, i) => {
    const j = place.get(site.name) ?? -1;
    const [a, b] = [valueOf(site, i, first.measured), j < 0 ? null : valueOf(second.sites[j], j, second.measured)];
    return { first: a, second: b, difference: a === null || b === null ? null : a - b };
  });
}

/** Whether there is a place that `view` knows in both. */
export const comparable = (view: RankView, first: Shown, second: Shown): boolean => compare(view, first, second).some(({ difference }) => difference !== null);

/** names: of the two runs. */
export function differencePicture(view: RankView, first: Shown, second: Shown, names: readonly [string, string]): Picture {
  const places = compare(view, first, second);
  const size = (of: keyof Compared): number => Math.max(0, ...places.map((place) => Math.abs(place[of] ?? 0)));
  // What differs by rounding only is not painted as if it were much.
  const most = Math.max(size("difference"), 1e-6 * Math.max(size("first"), size("second")));
  // A place by score is compared as a number below 0, so that a better one is more: it is told as what it is.
  const told = (value: number): string => view.full(view.name === "order" ? -value : value);
  const cells = first.sites.map((site, i): Painted => {
    const { first: a, second: b, difference } = places[i];
    if (difference === null) return { shows: "·", label: `${placeOf(site)}: ${text.difference.unknown}`, off: true, hollow: false };
    const words = text.difference.cell(view.title, told(a!), names[0], told(b!), names[1], signed(difference, view.full));
    return {
      shows: signed(difference, view.cell),
      label: `${placeOf(site)}: ${words}`,
      colour: diverging(most > 0 ? difference / most : 0),
      off: false,
      hollow: false,
    };
  });
  const totalOf = (which: "first" | "second", some: readonly number[]): number =>
    view.total(some.filter((i) => places[i].difference !== null).map((i) => places[i][which]!));
  return {
    cells,
    total: (some) => totalOf("first", some) - totalOf("second", some),
    totalTitle: view.totalTitle,
    margin: (total) => signed(total, view.margin ?? tiny),
    full: (total) => signed(total, view.full),
    scale: {
      from: `${text.difference.more(names[1])} ${signed(-most, view.full)}`,
      to: `${signed(most, view.full)} ${text.difference.more(names[0])}`,
      gradient: divergingGradient,
    },
  };
}
