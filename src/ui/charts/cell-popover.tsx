// cell-popover.tsx — sets the rank of a place by hand. A native popover: top layer, Escape, focus back to the cell.
import { useLayoutEffect, useRef, useState } from "react";
import type { SiteInfo } from "../../protocol.ts";
import { count } from "../format.ts";
import { Segments } from "../segments.tsx";
import { text } from "../strings.ts";
import type { SiteHistory } from "./allocations.ts";
import { CellHistory } from "./cell-history.tsx";
import { CellMarks } from "./cell-marks.tsx";
import { layerWords } from "./layers.ts";
import type { OpenCell } from "./rank-panel.tsx";

const presets = [0, 1, 2, 4, 8, 16, 32];
type Scope = "cell" | "layer" | "module";

interface Props {
  open: OpenCell;
  sites: readonly SiteInfo[];
  /** The sites of the next run: whose rank is set. */
  planned: readonly SiteInfo[];
  /** An allocation by hand has these ranks, in the order of `planned`; null: ranks are the adapter's. */
  byHand: readonly number[] | null;
  busy: boolean;
  /** Of the allocations of the run that is shown. */
  history: readonly SiteHistory[];
  onSet: (names: readonly string[], r: number) => void;
  onClose: () => void;
}

export function CellPopover({ open, sites, planned, byHand, busy, history, onSet, onClose }: Props) {
  const ref = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const site = sites[open.index];
  const index = planned.findIndex((one) => one.name === site.name);
  const rankNow = byHand?.[index] ?? planned[index].r;
  const settable = byHand !== null || !site.kind;
  const [scope, setScope] = useState<Scope>("cell");
  const [written, setWritten] = useState(open.typed ?? String(rankNow));

  useLayoutEffect(() => {
    const box = ref.current!;
    const closed = (event: ToggleEvent) => event.newState === "closed" && onClose();
    box.addEventListener("toggle", closed as EventListener);
    box.showPopover();
    const { width, height } = box.getBoundingClientRect();
    const below = open.anchor.bottom + 6;
    box.style.left = `${Math.max(8, Math.min(innerWidth - width - 8, open.anchor.left + open.anchor.width / 2 - width / 2))}px`;
    box.style.top = `${below + height < innerHeight ? below : Math.max(8, open.anchor.top - height - 6)}px`;
    (input.current ?? box.querySelector<HTMLElement>('[tabindex="0"]'))?.focus();
    // A typed digit is the beginning of a number; otherwise the old one is there to be overwritten.
    if (open.typed === undefined) input.current?.select();
    return () => box.removeEventListener("toggle", closed as EventListener);
    // The popover is placed once; it is remounted for another cell.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, []);

  const places = planned.filter((one) =>
    scope === "cell" ? one.name === site.name : scope === "layer" ? one.layer === site.layer : one.module === site.module,
  );
  const ranked = byHand ? places : places.filter(({ kind }) => !kind);
  const most = Math.min(...ranked.map((one) => Math.min(one.in, one.out)));
  const rank = /^\d+$/.test(written.trim()) ? Number(written) : NaN;
  const valid = rank >= 0 && rank <= most;
  const set = (r: number) => {
    onSet(
      ranked.map((one) => one.name),
      r,
    );
    ref.current?.hidePopover();
  };
  const title = text.cell.title(layerWords(site.layer), site.module);
  return (
    <div ref={ref} popover="auto" className="popover" role="dialog" aria-label={title}>
      <p className="popover-title">
        <strong>{title}</strong> <span className="muted number">{text.cell.shape(site.out, site.in)}</span>
      </p>
      {settable ? (
        <>
          <div className="toggles presets">
            {presets
              .filter((r) => r <= most)
              .map((r) => (
                <button key={r} type="button" aria-pressed={r === rankNow} onClick={() => set(r)}>
                  {r === 0 ? text.heatmap.off : r}
                </button>
              ))}
          </div>
          <form
            className="inline"
            onSubmit={(event) => {
              event.preventDefault();
              if (valid) set(rank);
            }}
          >
            <label>
              {text.cell.rank}
              <input
                ref={input}
                inputMode="numeric"
                autoComplete="off"
                value={written}
                aria-invalid={!valid}
                onChange={(event) => setWritten(event.target.value)}
              />
            </label>
            <button className="quiet" disabled={!valid}>
              {text.cell.apply}
            </button>
          </form>
          <p className="muted small number">{valid ? `${count(rank * ranked.reduce((n, one) => n + one.in + one.out, 0))} ${text.table.parameters}` : ""}</p>
          {!valid && <p className="help wrong">{text.cell.range(most)}</p>}
        </>
      ) : (
        <p className="help">{text.cell.shortcut}</p>
      )}
      <Segments
        label={text.cell.scope}
        options={[
          { value: "cell", title: text.cell.scopes.cell },
          { value: "layer", title: site.layer < 0 ? layerWords(site.layer) : text.cell.scopes.layer },
          { value: "module", title: text.cell.scopes.module },
        ]}
        value={scope}
        onChange={setScope}
      />
      {!byHand && <CellMarks names={places.filter((one) => one.parameters > 0).map((one) => one.name)} />}
      {history.length > 1 && <CellHistory name={site.name} history={history} />}
      {busy && <p className="help">{text.cell.next}</p>}
    </div>
  );
}
