// app.tsx — the page: starts the store from the session's catalogue and the URL, lays the panels out, and owns what is
// global: keyboard, dropped files, the address, announcements.
import { useEffect, useState } from "react";
import type { Session } from "../protocol.ts";
import { RankPanel } from "./charts/rank-panel.tsx";
import { StudioContext, useParts, useStudio, type Parts } from "./context.ts";
import { DropTarget } from "./drop.tsx";
import { Answers } from "./panels/answers.tsx";
import { DataPreviewPanel } from "./panels/data-preview.tsx";
import { Faults } from "./panels/faults.tsx";
import { Header } from "./panels/header.tsx";
import { LossPanel } from "./panels/loss.tsx";
import { PreflightPanel } from "./panels/preflight.tsx";
import { RunPanel } from "./panels/run.tsx";
import { Setup } from "./panels/setup.tsx";
import { Announcer, Shortcuts } from "./shortcuts.tsx";
import { createStudio, workerLost } from "./store.ts";
import { text } from "./strings.ts";
import { fromHash, toHash } from "./url.ts";

/** `lost`: emits "lost" with what happened when the worker behind the client breaks. */
export function App({ client, lost }: { client: Session; lost?: EventTarget }) {
  const [parts, setParts] = useState<Parts | null>(null);
  const [broken, setBroken] = useState<string | null>(null);

  useEffect(() => {
    let here = true;
    client.catalogue().then(
      (catalogue) => {
        if (!here) return;
        const { config, notes } = fromHash(location.hash, catalogue.first);
        const store = createStudio(client, catalogue, config, notes);
        setParts({ client, store });
        client.device().then(
          (device) => store.setState({ device }),
          (error: unknown) => store.getState().fail({ what: String(error), where: "device" }),
        );
      },
      (error: unknown) => setBroken(String(error)),
    );
    return () => {
      here = false;
    };
  }, [client]);

  useEffect(() => {
    const tell = (event: Event) => {
      const what = String((event as CustomEvent<string>).detail);
      if (parts) parts.store.getState().fail(workerLost(what));
      else setBroken(what);
    };
    lost?.addEventListener("lost", tell);
    return () => lost?.removeEventListener("lost", tell);
  }, [lost, parts]);

  if (broken !== null) return <main className="starting" role="alert">{`${workerLost(broken).what}. ${workerLost(broken).hint}`}</main>;
  if (!parts) return <main className="starting">{text.starting}</main>;
  return (
    <StudioContext value={parts}>
      <Page />
    </StudioContext>
  );
}

function Page() {
  useAddress();
  useSessionAnswers();
  return (
    <>
      <Header />
      <main className="page">
        <h1 className="unseen">{text.name}</h1>
        <div className="column setup-column">
          <Setup />
        </div>
        <div className="column centre-column">
          <Faults />
          <LossPanel />
          <RankPanel />
          <DataPreviewPanel />
        </div>
        <div className="column answers-column">
          <RunPanel />
          <Answers />
          <PreflightPanel />
        </div>
      </main>
      <Announcer />
      <Shortcuts />
      <DropTarget />
    </>
  );
}

/** The address follows the configuration, and the configuration follows an address that the visitor changes. */
function useAddress() {
  const { store } = useParts();
  const config = useStudio((state) => state.config);
  const first = useStudio((state) => state.catalogue.first);
  useEffect(() => {
    const timer = setTimeout(() => {
      const hash = toHash(config, first);
      if (hash !== location.hash) history.replaceState(null, "", hash || location.pathname + location.search);
    }, 200);
    return () => clearTimeout(timer);
  }, [config, first]);
  useEffect(() => {
    const follow = () => {
      const { config: next, notes } = fromHash(location.hash, first);
      store.getState().replaceConfig(next);
      for (const what of notes) store.getState().fail({ what });
    };
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, [store, first]);
}

/** Preflight and preview follow the configuration, a moment after its last change. */
function useSessionAnswers() {
  const { store } = useParts();
  const config = useStudio((state) => state.config);
  useEffect(() => {
    const timer = setTimeout(() => void store.getState().refresh(), 250);
    return () => clearTimeout(timer);
  }, [store, config]);
}
