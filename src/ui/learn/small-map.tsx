// small-map.tsx — the map of layers × modules as a figure of the lesson: it shows one view of the sites, and nothing can be set in it.
import type { SiteInfo } from "../../protocol.ts";
import { Heatmap } from "../charts/heatmap.tsx";
import { pictureOf } from "../charts/picture.ts";
import { rankViews, type Measured, type ViewName } from "../charts/rank-views.ts";

export function SmallMap({ title, sites, view: name, measured = {} }: { title: string; sites: readonly SiteInfo[]; view: ViewName; measured?: Measured }) {
  const view = rankViews.find((one) => one.name === name)!;
  return (
    <figure className="small-map">
      <figcaption>{title}</figcaption>
      <Heatmap sites={sites} picture={pictureOf(view, { sites, measured, windows: [] })} live={false} />
    </figure>
  );
}
