// shortcuts.tsx — the keyboard of the whole page, its list (?), and the polite announcements of phases.
import { useEffect, useRef } from "react";
import { useParts, useStudio } from "./context.ts";
import { text } from "./strings.ts";
import type { PageName } from "./url.ts";

/** Where keys are written text, and are taken back by the browser. */
const fields = "input:not([type=range], [type=checkbox], [type=radio]), textarea, select";
/** Elements that Space presses, opens or turns. */
const controls = `${fields}, input, button, a, summary, [role=grid], [popover]`;

/** What steers the run or changes the form belongs to the page that shows it: elsewhere Space scrolls. */
export function Shortcuts({ page }: { page: PageName }) {
  const { store } = useParts();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const show = () => dialog.current?.showModal();
    const meant = (event: KeyboardEvent): (() => unknown) | false | undefined => {
      const { run, past, future, train, undo, redo, pause, resume, step } = store.getState();
      const on = (selector: string) => event.target instanceof Element && event.target.closest(selector) !== null;
      const key = event.key.toLowerCase();
      const control = event.ctrlKey || event.metaKey;
      const here = page === "train";
      if (control && key === "enter") return here && train;
      if (event.altKey || on(fields)) return undefined;
      if (control && key === "z" && !event.shiftKey) return here && past.length > 0 && undo;
      if (control && (key === "y" || key === "z")) return here && future.length > 0 && redo;
      if (control) return undefined;
      if (key === "?") return show;
      if (key === "." && run.state === "paused") return here && step;
      if (key === " " && !on(controls)) return here && { running: pause, paused: resume }[run.state as string];
      return undefined;
    };
    const press = (event: KeyboardEvent) => {
      const act = !document.querySelector("dialog:modal") && meant(event);
      if (!act) return;
      event.preventDefault();
      void act();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [store, page]);

  return (
    <>
      <button type="button" className="help-button" aria-label={text.shortcuts.open} title={text.shortcuts.open} onClick={() => dialog.current?.showModal()}>
        ?
      </button>
      <dialog ref={dialog} className="sheet" aria-labelledby="shortcuts-title">
        <h2 id="shortcuts-title">{text.shortcuts.title}</h2>
        {text.shortcuts.groups.map(([where, list]) => (
          <section key={where}>
            <h3>{where}</h3>
            <dl className="keys">
              {list.map(([keys, does]) => (
                <div key={keys}>
                  <dt>
                    <kbd>{keys}</kbd>
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
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
