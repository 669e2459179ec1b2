// sites-table.tsx — the same numbers as a table, and as CSV.
import type { SiteInfo } from "../../protocol.ts";
import { count, short } from "../format.ts";
import { text } from "../strings.ts";
import type { Measured } from "./rank-views.ts";

export function SitesTable({ sites, measured: { window, scores, order } }: { sites: readonly SiteInfo[]; measured: Measured }) {
  const heads = Object.values(text.table);
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label={text.heatmap.table}>
      <table className="sites">
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sites.map((site, i) => (
            <tr key={site.name} title={site.name}>
              <td>{site.layer}</td>
              <th scope="row">{site.module}</th>
              <td>{count(site.out)}</td>
              <td>{count(site.in)}</td>
              <td>{site.r}</td>
              <td>{order?.[i] ? short(scores![i]) : ""}</td>
              <td>{short(site.alpha)}</td>
              <td>{count(site.parameters)}</td>
              <td>{window && site.parameters > 0 ? short(window.gradNorm[i]) : ""}</td>
              <td>{window && site.parameters > 0 ? short(window.deltaNorm[i]) : ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** One row per site, RFC 4180; empty where nothing was measured. Site names hold no commas, but a stranger's model may. */
export function sitesCsv(sites: readonly SiteInfo[], { window, scores, order }: Measured): string {
  const quote = (value: string | number): string => (/[",\r\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value));
  const rows = sites.map((site, i) => [
    site.name,
    site.layer,
    site.module,
    site.out,
    site.in,
    site.r,
    order?.[i] ? scores![i] : "",
    site.alpha,
    site.parameters,
    window && site.parameters > 0 ? window.gradNorm[i] : "",
    window && site.parameters > 0 ? window.deltaNorm[i] : "",
    window?.step ?? "",
  ]);
  const head = ["site", "layer", "module", "out", "in", "r", "score", "alpha", "parameters", "grad_norm", "delta_norm", "step"];
  return [head, ...rows].map((row) => row.map(quote).join(",") + "\r\n").join("");
}
