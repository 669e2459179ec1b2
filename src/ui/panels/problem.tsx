// problem.tsx — a problem in one line: the field it is about, what is wrong, what to do.
import type { Problem } from "../../protocol.ts";
import { useStudio } from "../context.ts";
import { text } from "../strings.ts";

/** `brief`: without what to do, where a button beside it does just that. */
export function ProblemText({ problem: { where, what, hint }, brief = false }: { problem: Problem; brief?: boolean }) {
  const title = useStudio((state) => state.catalogue.fields[where]?.title) ?? text.places[where] ?? where;
  return (
    <>
      <strong>{title}</strong>: {/[.!?]$/.test(what) ? what : `${what}.`} {!brief && hint}
    </>
  );
}
