// shortcuts.tsx — the keyboard of the whole page, its list (?), and the polite announcements of phases.
import { useEffect, useRef } from "react";
import { useParts, useStudio } from "./context.ts";
import { text } from "./strings.ts";

/** Elements that use keys themselves; single-key shortcuts keep out of them. */
const controls = "input, textarea, select, button, a, summary, dialog, [role=grid], [popover]";

export function Shortcuts() {
  const { store } = useParts();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const { run, past, future, train, undo, redo, pause, resume, step } = store.getState();
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        void train();
        return;
      }
      // In a text field the keys take back what was typed there.
      const typing = event.target instanceof Element && event.target.closest("input:not([type=range], [type=checkbox], [type=radio]), textarea");
      const key = event.key.toLowerCase();
      const back = key === "z" && !event.shiftKey;
      const forth = (key === "z" && event.shiftKey) || key === "y";
      if ((event.ctrlKey || event.metaKey) && !typing && ((back && past.length > 0) || (forth && future.length > 0))) {
        event.preventDefault();
        if (back) undo();
        else redo();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target instanceof Element && event.target.closest(controls)) return;
      if (event.key === " " && run.state === "running") void pause();
      else if (event.key === " " && run.state === "paused") void resume();
      else if (event.key === "." && run.state === "paused") void step();
      else if (event.key === "?") dialog.current?.showModal();
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [store]);

  return (
    <>
      <button type="button" className="help-button" aria-label={text.shortcuts.open} title={text.shortcuts.open} onClick={() => dialog.current?.showModal()}>
        ?
      </button>
      <dialog ref={dialog} className="sheet" aria-labelledby="shortcuts-title">
        <h2 id="shortcuts-title">{text.shortcuts.title}</h2>
        <dl className="keys">
          {text.shortcuts.list.map(([keys, does]) => (
            <div key={keys}>
              <dt>
                <kbd>{keys}</kbd>
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
        <form method="dialog">
          <button className="quiet">{text.shortcuts.close}</button>
        </form>
      </dialog>
    </>
  );
}

/** Says changes of phase, not numbers: a screen reader would never come to an end. */
export function Announcer() {
  const state = useStudio((studio) => studio.run.state);
  const phase = useStudio((studio) => studio.run.progress.at(-1)?.phase);
  const { store } = useParts();
  const step = store.getState().run.step;
  const said = state === "idle" ? "" : state === "loading" && phase ? text.run.phase(phase) : text.run.live(text.run.states[state], step);
  return (
    <div className="unseen" aria-live="polite">
      {said}
    </div>
  );
}
