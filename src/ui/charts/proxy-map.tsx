// proxy-map.tsx — one score of many as a small map: places in the cells, colours scaled for this score alone, the best outlined. A table to those
// who listen. A click takes the score into the configuration.
import { memo } from "react";
import type { SiteInfo } from "../../protocol.ts";
import { adapted, allTied, type Scored } from "../agreement.ts";
import { short } from "../format.ts";
import { text } from "../strings.ts";
import { rankOrder } from "./allocations.ts";
import { layerHead, layersOf, longNames, modulesOf, shortModule } from "./layers.ts";
import { placeOf } from "./picture.ts";
import { viridis } from "./scale.ts";

interface Props {
  sites: readonly SiteInfo[];
  proxy: Scored;
  /** How many are the best. */
  k: number;
  chosen: boolean;
  /** Below the map. */
  notes: readonly string[];
  onChoose: () => void;
}

export const ProxyMap = memo(function ProxyMap({ sites, proxy: { title, scores }, k, chosen, notes, onChoose }: Props) {
  const there = adapted(sites);
  const order = rankOrder(scores, there);
  const tied = allTied(scores, there);
  const layers = layersOf(sites.filter((_, i) => there[i]));
  const modules = modulesOf(sites.filter((_, i) => there[i]));
  const [least, most] = [Math.min(0, ...scores), Math.max(...scores.filter((_, i) => there[i]))];
  const cell = (layer: number, module: string) => {
    const i = sites.findIndex((site) => site.layer === layer && site.module === module);
    if (i < 0 || !there[i]) return <td key={module} className={i < 0 ? "none" : undefined} />;
    const colour = tied ? undefined : viridis(most > least ? (scores[i] - least) / (most - least) : 0);
    const label = `${placeOf(sites[i])}: ${text.heatmap.place(short(scores[i]), order[i])}`;
    return (
      <td key={module} className={!tied && order[i] <= k ? "best" : undefined} style={{ background: colour?.fill, color: colour?.ink }} title={label}>
        {tied ? "=" : order[i]}
      </td>
    );
  };
  return (
    <figure className={chosen ? "proxy-map chosen" : "proxy-map"} onClick={onChoose}>
      <figcaption>
        <button type="button" className="link" aria-pressed={chosen} title={text.proxies.use(title)}>
          {title}
        </button>
        {chosen && <span className="muted small"> {text.proxies.inUse}</span>}
      </figcaption>
      <table className={layers.some((layer) => layer < 0) ? "wide-heads" : undefined}>
        <caption className="unseen">{text.proxies.map(title)}</caption>
        <thead>
          <tr className={longNames(modules) ? "tall" : undefined}>
            <td />
            {modules.map((module) => (
              <th key={module} scope="col" className="module-head" title={module}>
                <span>{shortModule(module)}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {layers.map((layer) => (
            <tr key={layer}>
              <th scope="row">{layerHead(layer)}</th>
              {modules.map((module) => cell(layer, module))}
            </tr>
          ))}
        </tbody>
      </table>
      {notes.map((note) => (
        <p key={note} className="help">
          {note}
        </p>
      ))}
    </figure>
  );
});
