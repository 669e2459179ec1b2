// difference-table.tsx — two runs compared as a table, in the view that is shown, and as CSV in all that both runs know.
import { csv } from "../csv.ts";
import { signed } from "../format.ts";
import { text } from "../strings.ts";
import { comparable, compare, type Compared } from "./difference.ts";
import { layerField, layerHead } from "./layers.ts";
import { rankViews, type RankView } from "./rank-views.ts";
import type { Shown } from "./shown.ts";

interface Props {
  view: RankView;
  first: Shown;
  second: Shown;
  names: readonly [string, string];
}

export function DifferenceTable({ view, first, second, names }: Props) {
  const places = compare(view, first, second);
  const known = places.filter(({ difference }) => difference !== null);
  const total = (which: "first" | "second"): number => view.total(known.map((place) => place[which]!));
  const told = (value: number | null): string => (value === null ? "" : view.full(view.name === "order" ? -value : value));
  const cells = ({ first: a, second: b, difference }: Compared) => (
    <>
      <td>{told(a)}</td>
      <td>{told(b)}</td>
      <td>{difference === null ? "" : signed(difference, view.full)}</td>
    </>
  );
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label={text.heatmap.table}>
      <table className="sites">
        <thead>
          <tr>
            {[text.table.layer, text.table.module, ...names.map((name) => `${view.title}, ${name}`), text.difference.title].map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {first.sites.map((site, i) => (
            <tr key={site.name} title={site.name}>
              <td>{layerHead(site.layer)}</td>
              <th scope="row">{site.module}</th>
              {cells(places[i])}
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <td />
            <th scope="row">{view.totalTitle}</th>
            {cells({ first: total("first"), second: total("second"), difference: total("first") - total("second") })}
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

/** Three columns per view: "rank_first", "rank_second", "rank_difference". A difference of places by score is how many places the first is better. */
export function differenceCsv(first: Shown, second: Shown): string {
  const views = rankViews.filter((view) => comparable(view, first, second));
  const compared = views.map((view) => compare(view, first, second));
  const head = views.flatMap(({ name }) => ["first", "second", "difference"].map((which) => `${name}_${which}`));
  const told = (view: RankView, value: number | null): number | null => (view.name === "order" && value !== null ? -value : value);
  const rows = first.sites.map((site, i) => [
    site.name,
    layerField(site.layer),
    site.module,
    ...views.flatMap((view, v) => [told(view, compared[v][i].first), told(view, compared[v][i].second), compared[v][i].difference]),
  ]);
  return csv(["site", "layer", "module", ...head], rows);
}
