// small-map.tsx — the map of layers × modules as a figure of the lesson: it shows one view of the sites, and nothing can be set in it.
import { useRef } from "react";
import type { SiteInfo } from "../../protocol.ts";
import { Heatmap } from "../charts/heatmap.tsx";
import { pictureOf } from "../charts/picture.ts";
import { SaveChart } from "../charts/save-chart.tsx";
import { rankViews, type Measured, type ViewName } from "../charts/rank-views.ts";

export function SmallMap({ title, sites, view: name, measured = {} }: { title: string; sites: readonly SiteInfo[]; view: ViewName; measured?: Measured }) {
  const drawn = useRef<HTMLElement>(null);
  const view = rankViews.find((one) => one.name === name)!;
  return (
    <figure className="small-map" ref={drawn}>
      <figcaption>
        {title} <SaveChart of={drawn} what="map" />
      </figcaption>
      <Heatmap sites={sites} picture={pictureOf(view, { sites, measured, windows: [] })} live={false} />
    </figure>
  );
}
