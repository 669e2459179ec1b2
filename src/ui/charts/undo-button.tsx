// undo-button.tsx — the way back from the last change and, once it was gone, forth again; each says which change that is. It stands where such changes are made:
// beside the map for those of where the rank goes, in the setup for those of the form as a whole.
import { useParts, useStudio } from "../context.ts";
import { text } from "../strings.ts";
import type { Undo as Change } from "../undo.ts";

/** whole: of the form as a whole. */
export function Undo({ whole = false }: { whole?: boolean }) {
  const { store } = useParts();
  const back = useStudio(({ past }) => past.at(-1));
  const forth = useStudio(({ future }) => future.at(-1));
  const fields = useStudio(({ catalogue }) => catalogue.fields);
  const { undo, redo } = store.getState();
  const title = ({ what }: Change): string => {
    if (typeof what !== "object") return what;
    return what.field === "allocation" ? text.allocation.title : (fields[what.field]?.title ?? what.field);
  };
  return (
    <>
      {back?.whole === whole && (
        <button type="button" className="link" data-testid="undo" onClick={undo}>
          {text.undo.button(title(back))}
        </button>
      )}
      {forth?.whole === whole && (
        <button type="button" className="link" data-testid="redo" onClick={redo}>
          {text.undo.again(title(forth))}
        </button>
      )}
    </>
  );
}
