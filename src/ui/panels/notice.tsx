// notice.tsx — the wish to be told when what is under way has ended; asks the browser for it.
import { useState } from "react";
import { text } from "../strings.ts";
import { canNotify, wantNotice, wantsNotice } from "../while-training.ts";

export function Notice() {
  const [wanted, setWanted] = useState(wantsNotice);
  const [denied, setDenied] = useState(false);
  if (!canNotify()) return null;
  const change = async (want: boolean) => {
    const granted = await wantNotice(want);
    setWanted(granted);
    setDenied(want && !granted);
  };
  return (
    <>
      <label className="check small">
        <input type="checkbox" checked={wanted} onChange={(event) => void change(event.target.checked)} />
        {text.library.notify}
      </label>
      {denied && <p className="help wrong">{text.library.notifyDenied}</p>}
    </>
  );
}
