// heatmap.tsx — layers × modules as an ARIA grid: one tab stop, arrows move, Enter or a digit opens the cell's rank.
import { memo, useRef, useState, type KeyboardEvent } from "react";
import type { SiteInfo } from "../../protocol.ts";
import { count, short, tiny } from "../format.ts";
import { shortModule } from "../panels/modules.tsx";
import { text } from "../strings.ts";
import type { OpenCell } from "./rank-panel.tsx";
import type { Measured, RankView } from "./rank-views.ts";
import { viridis } from "./scale.ts";

interface Props {
  sites: readonly SiteInfo[];
  /** In the order of sites; null: nothing to show. */
  values: readonly (number | null)[];
  view: RankView;
  most: number;
  least: number;
  measured: Measured;
  /** New values are arriving. */
  live: boolean;
  /** Absent: ranks cannot be set. */
  onOpen?: (cell: OpenCell) => void;
}

export const Heatmap = memo(function Heatmap({ sites, values, view, most, least, measured, live, onOpen }: Props) {
  const grid = useRef<HTMLDivElement>(null);
  const [focus, setFocus] = useState<[row: number, column: number]>([0, 0]);
  const layers = [...new Set(sites.map((site) => site.layer))].sort((a, b) => a - b);
  const modules = [...new Set(sites.map((site) => site.module))];
  const indexAt = (row: number, column: number) => sites.findIndex((site) => site.layer === layers[row] && site.module === modules[column]);
  const rowTotals = layers.map((layer) => view.total(shown(values.filter((_, i) => sites[i].layer === layer))));
  const columnTotals = modules.map((module) => view.total(shown(values.filter((_, i) => sites[i].module === module))));
  const margin = view.margin ?? tiny;
  const mostOfRows = Math.max(...rowTotals, 0);

  const open = (row: number, column: number, typed?: string) => {
    const index = indexAt(row, column);
    const cell = grid.current?.querySelector(`[data-cell="${row},${column}"]`);
    if (index >= 0 && cell) onOpen?.({ index, typed, anchor: cell.getBoundingClientRect() });
  };
  const move = (row: number, column: number) => {
    const to: [number, number] = [Math.min(layers.length - 1, Math.max(0, row)), Math.min(modules.length - 1, Math.max(0, column))];
    setFocus(to);
    grid.current?.querySelector<HTMLElement>(`[data-cell="${to.join(",")}"]`)?.focus();
  };
  const press = (event: KeyboardEvent) => {
    const [row, column] = focus;
    const wide = event.ctrlKey || event.metaKey;
    const moves: Record<string, () => void> = {
      ArrowUp: () => move(row - 1, column),
      ArrowDown: () => move(row + 1, column),
      ArrowLeft: () => move(row, column - 1),
      ArrowRight: () => move(row, column + 1),
      Home: () => move(wide ? 0 : row, 0),
      End: () => move(wide ? layers.length - 1 : row, modules.length - 1),
      PageUp: () => move(0, column),
      PageDown: () => move(layers.length - 1, column),
      Enter: () => open(row, column),
      " ": () => open(row, column),
    };
    const act = moves[event.key] ?? (/^\d$/.test(event.key) && !wide ? () => open(row, column, event.key) : undefined);
    // Ctrl+Enter belongs to the page: it trains.
    if (!act || (event.key === "Enter" && wide)) return;
    event.preventDefault();
    act();
  };

  return (
    <div
      ref={grid}
      className={`heatmap ${layers.length > 16 ? "dense" : layers.length > 8 ? "compact" : ""} ${live ? "live" : ""}`}
      role="grid"
      aria-label={text.heatmap.grid}
      aria-rowcount={layers.length + 2}
      aria-colcount={modules.length + 2}
      style={{ gridTemplateColumns: `auto repeat(${modules.length}, minmax(0, 1fr)) minmax(3.2rem, auto)` }}
      onKeyDown={press}
      onClick={(event) => within(event.target, open)}
      onFocus={(event) => within(event.target, (row, column) => setFocus([row, column]))}
    >
      <div role="row" className="heat-row">
        <span role="columnheader" className="layer-head">
          {text.heatmap.layer}
        </span>
        {modules.map((module) => (
          <span key={module} role="columnheader" title={module}>
            {shortModule(module)}
          </span>
        ))}
        <span role="columnheader">{view.totalTitle}</span>
      </div>
      {layers.map((layer, row) => (
        <div role="row" key={layer} className="heat-row">
          <span role="rowheader">{layer}</span>
          {modules.map((module, column) => {
            const index = indexAt(row, column);
            const isFocus = focus[0] === row && focus[1] === column;
            if (index < 0)
              return <span key={module} role="gridcell" data-cell={`${row},${column}`} tabIndex={isFocus ? 0 : -1} className="cell none" aria-label="" />;
            const site = sites[index];
            const value = values[index];
            const off = view.alsoOff ? value === null : view.name === "rank" ? site.r === 0 : site.parameters === 0;
            return (
              <Cell
                key={module}
                row={row}
                column={column}
                focus={isFocus}
                tone={off || value === null ? null : view.tone(value, most, least)}
                off={off}
                hollow={(measured.order?.[index] ?? 0) > 0 && (view.name === "on" ? value === 0 : site.r === 0)}
                label={label(site, index, measured)}
                shows={off ? "·" : value === null ? "" : view.cell(value)}
              />
            );
          })}
          <span role="gridcell" className="margin" aria-label={`${text.heatmap.layer} ${layer}, ${view.totalTitle} ${view.full(rowTotals[row])}`}>
            <i style={{ width: `${mostOfRows > 0 ? (100 * rowTotals[row]) / mostOfRows : 0}%` }} />
            <span>{margin(rowTotals[row])}</span>
          </span>
        </div>
      ))}
      <div role="row" className="heat-row totals">
        <span role="rowheader">{view.totalTitle}</span>
        {modules.map((module, column) => (
          <span key={module} role="gridcell" aria-label={`${module}, ${view.totalTitle} ${view.full(columnTotals[column])}`}>
            {margin(columnTotals[column])}
          </span>
        ))}
        <span role="gridcell" className="sum-of-all">
          {margin(view.total(shown(values)))}
        </span>
      </div>
    </div>
  );
});

interface CellProps {
  row: number;
  column: number;
  focus: boolean;
  /** 0..1 for the colour; null: none. */
  tone: number | null;
  off: boolean;
  /** May be on, and is not: an outline only. */
  hollow: boolean;
  label: string;
  shows: string;
}

/** Plain values only, so that a cell whose numbers stayed the same is not drawn again. */
const Cell = memo(function Cell({ row, column, focus, tone, off, hollow, label, shows }: CellProps) {
  const colour = tone === null ? undefined : viridis(tone);
  return (
    <div
      role="gridcell"
      data-cell={`${row},${column}`}
      tabIndex={focus ? 0 : -1}
      className={`cell ${off ? "off" : colour ? "" : "blank"} ${hollow ? "hollow" : ""}`}
      style={colour && (hollow ? { outlineColor: tone === 0 ? undefined : colour.fill } : { background: colour.fill, color: colour.ink })}
      aria-label={label}
      title={label}
    >
      {shows}
    </div>
  );
});

/** The grid listens for all of its cells. */
function within(target: EventTarget, act: (row: number, column: number) => void): void {
  const at = target instanceof Element ? target.closest<HTMLElement>("[data-cell]")?.dataset.cell?.split(",").map(Number) : undefined;
  if (at) act(at[0], at[1]);
}

const shown = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null);

/** "layer 3, v_proj: rank 8, score 0.81 (place 2), gradient 0.31, ‖ΔW‖ 0.52, 2,048 parameters" */
function label(site: SiteInfo, index: number, { window, scores, order }: Measured): string {
  const scored = order?.[index] ? `, ${text.heatmap.place(short(scores![index]), order[index])}` : "";
  const measured =
    window && site.parameters > 0 ? `, ${text.table.gradNorm} ${short(window.gradNorm[index])}, ${text.table.deltaNorm} ${short(window.deltaNorm[index])}` : "";
  const rank = site.r > 0 ? `${text.table.rank} ${site.r}` : site.parameters > 0 ? text.heatmap.inFull : text.heatmap.off;
  return `${text.heatmap.layer} ${site.layer}, ${site.module}: ${rank}${scored}${measured}, ${count(site.parameters)} ${text.table.parameters}`;
}
