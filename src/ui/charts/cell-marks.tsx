// cell-marks.tsx — what an allocation may do with a place: decide by its score, leave it on, or leave it out.
import type { AllocationConfig } from "../../protocol.ts";
import { useParts, useStudio } from "../context.ts";
import { Segments } from "../segments.tsx";
import { text } from "../strings.ts";

const marks = (["free", "locked", "excluded"] as const).map((value) => ({ value, title: text.cell.marks[value] }));
export type Mark = (typeof marks)[number]["value"];

/** `allocation` in which the sites `names` are marked so. Names and patterns that others wrote stay. */
export function marked(allocation: AllocationConfig, names: readonly string[], as: Mark): AllocationConfig {
  const list = (kind: Mark, now: readonly string[]) => [...now.filter((name) => !names.includes(name)), ...(kind === as ? names : [])];
  return { ...allocation, locked: list("locked", allocation.locked), excluded: list("excluded", allocation.excluded) };
}

export function CellMarks({ names }: { names: readonly string[] }) {
  const { store } = useParts();
  const allocation = useStudio((state) => state.config.allocation);
  if (!allocation || names.length === 0) return null;
  const all = (list: readonly string[]) => names.every((name) => list.includes(name));
  const value: Mark = all(allocation.locked) ? "locked" : all(allocation.excluded) ? "excluded" : "free";
  return (
    <Segments
      label={text.cell.mark}
      options={marks}
      value={value}
      onChange={(as) => store.getState().edit("allocation", { ...marked(allocation, names, as) }, text.undo.marks)}
    />
  );
}
