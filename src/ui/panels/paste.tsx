// paste.tsx — rows typed or pasted become a file like any other. What they are, their first line tells.
import { useEffect, useId, useRef, useState } from "react";
import { useParts } from "../context.ts";
import { text } from "../strings.ts";

export function Paste({ close }: { close: () => void }) {
  const { store } = useParts();
  const dialog = useRef<HTMLDialogElement>(null);
  const [rows, setRows] = useState("");
  const [name, setName] = useState(() => freeName(store.getState().given.data));
  const id = useId();
  useEffect(() => dialog.current?.showModal(), []);
  const use = (event: React.FormEvent) => {
    event.preventDefault();
    void store.getState().give("data", name.trim() || text.data.pasted, [{ name: name.trim() || text.data.pasted, bytes: new Blob([rows]) }]);
    close();
  };
  return (
    <dialog ref={dialog} className="sheet paste" aria-labelledby={`${id}-title`} onClose={close}>
      <form onSubmit={use}>
        <h2 id={`${id}-title`}>{text.data.pasteTitle}</h2>
        <p className="help">{text.data.pasteHelp}</p>
        <label htmlFor={`${id}-rows`}>{text.data.pasteText}</label>
        <textarea
          id={`${id}-rows`}
          rows={10}
          required
          autoFocus
          spellCheck={false}
          value={rows}
          placeholder={text.data.pastePlaceholder}
          onChange={(event) => setRows(event.target.value)}
        />
        <label htmlFor={`${id}-name`}>{text.data.pasteName}</label>
        <input id={`${id}-name`} value={name} maxLength={80} onChange={(event) => setName(event.target.value)} />
        <div className="buttons">
          <button className="primary" disabled={rows.trim() === ""}>
            {text.data.use}
          </button>
          <button type="button" className="quiet" onClick={close}>
            {text.data.cancel}
          </button>
        </div>
      </form>
    </dialog>
  );
}

/** "pasted", "pasted 2" … */
function freeName(given: readonly string[]): string {
  let n = 1;
  const name = () => (n === 1 ? text.data.pasted : `${text.data.pasted} ${n}`);
  while (given.includes(name())) n++;
  return name();
}
