// adapter-in.tsx — an adapter from elsewhere: picked or dropped, then tried or trained further.
import { useEffect, useRef } from "react";
import { useParts, useStudio } from "../context.ts";
import { picked } from "../drop.tsx";
import { working } from "../store.ts";
import { text } from "../strings.ts";

export function AdapterIn() {
  const { store } = useParts();
  const adapter = useStudio((state) => state.adapter);
  const busy = useStudio(working);
  const model = useStudio((state) => state.config.model.source);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (adapter && !dialog.current?.open) dialog.current?.showModal();
    if (!adapter) dialog.current?.close();
  }, [adapter]);
  const { offerAdapter, takeAdapter } = store.getState();
  const none = adapter === null || adapter.length === 0;
  return (
    <>
      <button type="button" className="link small" data-testid="adapter-in" onClick={() => offerAdapter([])}>
        {text.adapterIn.open}
      </button>
      <dialog ref={dialog} className="sheet" aria-labelledby="adapter-in-title" onClose={() => offerAdapter(null)}>
        <h2 id="adapter-in-title">{text.adapterIn.title}</h2>
        <p>{text.adapterIn.what(model.replace(/^\w+:/, ""))}</p>
        <label>
          {text.adapterIn.files}
          <input
            key={adapter === null ? "closed" : "open"} // opened again, it names no file of before
            type="file"
            multiple
            accept=".json,.safetensors,.zip"
            onChange={(event) => event.target.files?.length && offerAdapter(picked(event.target.files).files)}
          />
        </label>
        <p className="help" role="status">
          {none ? text.adapterIn.hint : text.adapterIn.given(adapter.map(({ name }) => name))}
        </p>
        {busy && <p className="help">{text.adapterIn.busy}</p>}
        <div className="inline">
          <button type="button" className="quiet" data-testid="adapter-try" disabled={none || busy} onClick={() => void takeAdapter("try")}>
            {text.adapterIn.try}
          </button>
          <button type="button" className="quiet" data-testid="adapter-train" disabled={none || busy} onClick={() => void takeAdapter("train")}>
            {text.adapterIn.train}
          </button>
          <button type="button" className="quiet" onClick={() => offerAdapter(null)}>
            {text.export.cancel}
          </button>
        </div>
      </dialog>
    </>
  );
}
