// undo-button.tsx — takes back the last change of where the rank goes, and says which one that is.
import { useParts, useStudio } from "../context.ts";
import { text } from "../strings.ts";

export function Undo() {
  const { store } = useParts();
  const what = useStudio((state) => state.past.at(-1)?.what);
  const title = useStudio(({ catalogue }) => {
    if (typeof what !== "object") return what;
    return what.field === "allocation" ? text.allocation.title : (catalogue.fields[what.field]?.title ?? what.field);
  });
  if (what === undefined) return null;
  return (
    <button type="button" className="link" data-testid="undo" onClick={() => store.getState().undo()}>
      {text.undo.button(title!)}
    </button>
  );
}
