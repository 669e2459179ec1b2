// isolation.tsx — on a host that sends no isolation headers: a button that lets a service worker of our own add them, so that wasm may use all cores.
import { useState } from "react";
import { useStudio } from "../context.ts";
import { working } from "../store.ts";
import { text } from "../strings.ts";

const words = text.isolation;

/** Shown only where it would help. Installing reloads the page once: nothing must be under way. */
export function Isolation() {
  const busy = useStudio(working);
  const [failed, setFailed] = useState("");
  if (crossOriginIsolated || !("serviceWorker" in navigator) || !isSecureContext) return null;
  const install = async (): Promise<void> => {
    try {
      await navigator.serviceWorker.register(new URL("isolation.js", document.baseURI), { scope: "./" });
      await navigator.serviceWorker.ready;
      location.reload();
    } catch (e) {
      setFailed(words.failed(String(e)));
    }
  };
  return (
    <p className="notice">
      {words.why(navigator.hardwareConcurrency)}{" "}
      <button type="button" data-testid="isolate" disabled={busy} onClick={() => void install()}>
        {words.use}
      </button>
      {failed && <span role="alert"> {failed}</span>}
    </p>
  );
}
