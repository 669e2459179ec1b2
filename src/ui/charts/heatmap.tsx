// heatmap.tsx — layers × modules as an ARIA grid: one tab stop, arrows move, Enter or a digit opens the cell's rank.
import { memo, useRef, useState, type KeyboardEvent } from "react";
import type { SiteInfo } from "../../protocol.ts";
import { text } from "../strings.ts";
import { layerHead, layersOf, longNames, layerWords, modulesOf, shortModule } from "./layers.ts";
import type { Painted, Picture } from "./picture.ts";
import type { OpenCell } from "./rank-panel.tsx";

interface Props {
  sites: readonly SiteInfo[];
  picture: Picture;
  /** New values are arriving. */
  live: boolean;
  /** Absent: ranks cannot be set. */
  onOpen?: (cell: OpenCell) => void;
}

export const Heatmap = memo(function Heatmap({ sites, picture, live, onOpen }: Props) {
  const grid = useRef<HTMLDivElement>(null);
  const [focus, setFocus] = useState<[row: number, column: number]>([0, 0]);
  const layers = layersOf(sites);
  const modules = modulesOf(sites);
  const { cells, margin, full, totalTitle } = picture;
  const indexAt = (row: number, column: number) => sites.findIndex((site) => site.layer === layers[row] && site.module === modules[column]);
  const totalWhere = (here: (site: SiteInfo) => boolean): number => picture.total(sites.map((_, i) => i).filter((i) => here(sites[i])));
  const rowTotals = layers.map((layer) => totalWhere((site) => site.layer === layer));
  const columnTotals = modules.map((module) => totalWhere((site) => site.module === module));
  const mostOfRows = Math.max(...rowTotals.map(Math.abs), 0);

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
      aria-label={onOpen ? text.heatmap.settable : text.heatmap.grid}
      aria-rowcount={layers.length + 2}
      aria-colcount={modules.length + 2}
      style={{ gridTemplateColumns: `auto repeat(${modules.length}, minmax(0, 1fr)) minmax(3.2rem, auto)` }}
      onKeyDown={press}
      onClick={(event) => within(event.target, open)}
      onFocus={(event) => within(event.target, (row, column) => setFocus([row, column]))}
    >
      <div role="row" className={longNames(modules) ? "heat-row tall" : "heat-row"}>
        <span role="columnheader" className="layer-head">
          {text.heatmap.layer}
        </span>
        {modules.map((module) => (
          <span key={module} role="columnheader" className="module-head" title={module}>
            {shortModule(module)}
          </span>
        ))}
        <span role="columnheader">{totalTitle}</span>
      </div>
      {layers.map((layer, row) => (
        <div role="row" key={layer} className="heat-row">
          <span role="rowheader">{layerHead(layer)}</span>
          {modules.map((module, column) => {
            const index = indexAt(row, column);
            const isFocus = focus[0] === row && focus[1] === column;
            if (index < 0)
              return <span key={module} role="gridcell" data-cell={`${row},${column}`} tabIndex={isFocus ? 0 : -1} className="cell none" aria-label="" />;
            return <Cell key={module} row={row} column={column} focus={isFocus} {...plain(cells[index])} />;
          })}
          <span role="gridcell" className="margin" aria-label={`${layerWords(layer)}, ${totalTitle} ${full(rowTotals[row])}`}>
            <i style={{ width: `${mostOfRows > 0 ? (100 * Math.abs(rowTotals[row])) / mostOfRows : 0}%` }} />
            <span>{margin(rowTotals[row])}</span>
          </span>
        </div>
      ))}
      <div role="row" className="heat-row totals">
        <span role="rowheader">{totalTitle}</span>
        {modules.map((module, column) => (
          <span key={module} role="gridcell" aria-label={`${module}, ${totalTitle} ${full(columnTotals[column])}`}>
            {margin(columnTotals[column])}
          </span>
        ))}
        <span role="gridcell" className="sum-of-all">
          {margin(totalWhere(() => true))}
        </span>
      </div>
    </div>
  );
});

interface CellProps extends Omit<Painted, "colour"> {
  row: number;
  column: number;
  focus: boolean;
  fill?: string;
  ink?: string;
}

const plain = ({ colour, ...cell }: Painted) => ({ ...cell, fill: colour?.fill, ink: colour?.ink });

/** Plain values only, so that a cell whose numbers stayed the same is not drawn again. */
const Cell = memo(function Cell({ row, column, focus, fill, ink, off, hollow, label, shows }: CellProps) {
  return (
    <div
      role="gridcell"
      data-cell={`${row},${column}`}
      tabIndex={focus ? 0 : -1}
      className={`cell ${off ? "off" : fill || hollow ? "" : "blank"} ${hollow ? "hollow" : ""}`}
      style={hollow ? { outlineColor: fill } : { background: fill, color: ink }}
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
