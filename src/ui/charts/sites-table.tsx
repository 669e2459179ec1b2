// sites-table.tsx — the same numbers as a table with sums, and as CSV.
import type { SiteInfo } from "../../protocol.ts";
import { csv } from "../csv.ts";
import { count, short } from "../format.ts";
import { text } from "../strings.ts";
import { layerField, layerHead } from "./layers.ts";
import { norm, sum, type Measured } from "./rank-views.ts";

interface Column {
  head: string;
  /** In a file. */
  field: string;
  /** null: nothing was measured, or there is nothing to measure. */
  value(site: SiteInfo, i: number, measured: Measured): number | null;
  show(value: number): string;
  total?(values: readonly number[]): number;
}

const words = text.table;
const columns: readonly Column[] = [
  { head: words.out, field: "out", value: (site) => site.out, show: count },
  { head: words.in, field: "in", value: (site) => site.in, show: count },
  { head: words.rank, field: "r", value: (site) => site.r, show: String, total: sum },
  { head: words.score, field: "score", value: (_, i, { scores, order }) => (order?.[i] ? scores![i] : null), show: short, total: sum },
  { head: words.alpha, field: "alpha", value: (site) => site.alpha, show: short },
  { head: words.parameters, field: "parameters", value: (site) => site.parameters, show: count, total: sum },
  { head: words.gradNorm, field: "grad_norm", value: (site, i, { window }) => (window && site.parameters > 0 ? window.gradNorm[i] : null), show: short, total: norm },
  { head: words.deltaNorm, field: "delta_norm", value: (site, i, { window }) => (window && site.parameters > 0 ? window.deltaNorm[i] : null), show: short, total: norm },
]; // prettier-ignore

export function SitesTable({ sites, measured }: { sites: readonly SiteInfo[]; measured: Measured }) {
  const values = columns.map(({ value }) => sites.map((site, i) => value(site, i, measured)));
  const there = values.map((column) => column.filter((value) => value !== null));
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label={text.heatmap.table}>
      <table className="sites">
        <thead>
          <tr>
            {[words.layer, words.module, ...columns.map(({ head }) => head)].map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sites.map((site, i) => (
            <tr key={site.name} title={site.name}>
              <td>{layerHead(site.layer)}</td>
              <th scope="row">{site.module}</th>
              {columns.map(({ field, show }, c) => (
                <td key={field}>{values[c][i] === null ? "" : show(values[c][i])}</td>
              ))}
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <td />
            <th scope="row">{words.total}</th>
            {columns.map(({ field, show, total }, c) => (
              <td key={field}>{total && there[c].length > 0 ? show(total(there[c])) : ""}</td>
            ))}
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

/** One row per site; empty where nothing was measured. */
export function sitesCsv(sites: readonly SiteInfo[], measured: Measured): string {
  const rows = sites.map((site, i) => [
    site.name,
    layerField(site.layer),
    site.module,
    ...columns.map(({ value }) => value(site, i, measured)),
    measured.window?.step ?? null,
  ]);
  return csv(["site", "layer", "module", ...columns.map(({ field }) => field), "step"], rows);
}
