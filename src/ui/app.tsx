// app.tsx — starts the store from the session's catalogue and the address, shows one of the pages, and owns what is
// global: keyboard, dropped files, the address, announcements.
import { Activity, useCallback, useEffect, useState } from "react";
import type { Session } from "../protocol.ts";
import { StudioContext, useParts, useStudio, type Parts } from "./context.ts";
import { DropTarget } from "./drop.tsx";
import { createCompared } from "./compare/store.ts";
import { ErrorBoundary } from "./error-boundary.tsx";
import { createLibrary } from "./library.ts";
import { ComparePage } from "./pages/compare.tsx";
import { DevicePage } from "./pages/device.tsx";
import { LearnPage } from "./pages/learn.tsx";
import { RunsPage } from "./pages/runs.tsx";
import { TrainPage } from "./pages/train.tsx";
import { Header } from "./panels/header.tsx";
import { Announcer, Shortcuts } from "./shortcuts.tsx";
import { createStudio, workerLost } from "./store.ts";
import { text } from "./strings.ts";
import { useNotice, useProgressTitle, useWakeLock } from "./while-training.ts";
import { addressOf, fromAddress, pageOf, type PageName } from "./url.ts";

/** `lost`: emits "lost" with what happened when the worker behind the client breaks. */
export function App({ client, lost }: { client: Session; lost?: EventTarget }) {
  const [parts, setParts] = useState<Parts | null>(null);
  const [broken, setBroken] = useState<string | null>(null);

  useEffect(() => {
    let here = true;
    client.catalogue().then(
      (catalogue) => {
        if (!here) return;
        const { config, notes } = fromAddress(location, catalogue);
        const store = createStudio(client, catalogue, config, notes);
        setParts({ client, store, library: createLibrary(client, store), compared: createCompared(client, store) });
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

const shows: Readonly<Record<PageName, (props: { go: (page: PageName) => void }) => React.ReactNode>> = {
  train: TrainPage,
  runs: RunsPage,
  compare: ComparePage,
  learn: LearnPage,
  device: DevicePage,
};

function Page() {
  const [page, go] = usePage();
  return (
    <>
      <Beside title={page === "train" ? text.name : text.pages.title(text.pages[page])} />
      <Header page={page} go={go} />
      {/* A page that is left keeps its state, and costs nothing while it is not seen. */}
      {Object.entries(shows).map(([name, Shown]) => (
        <Activity key={name} mode={page === name ? "visible" : "hidden"}>
          <ErrorBoundary>
            <Shown go={go} />
          </ErrorBoundary>
        </Activity>
      ))}
      <Announcer />
      <Shortcuts page={page} />
      <DropTarget go={go} />
    </>
  );
}

/** What goes on beside the pages. Alone, so that they are not drawn anew with each step of a run and each letter of the form. */
function Beside({ title }: { title: string }) {
  useAddress();
  useSessionAnswers();
  useProgressTitle(title);
  useWakeLock();
  useNotice();
  return null;
}

/** The page that the address names; going to another makes an entry in the browser's history. */
function usePage(): [PageName, (page: PageName) => void] {
  const { store } = useParts();
  const [page, setPage] = useState(() => pageOf(location.search));
  useEffect(() => {
    const follow = () => setPage(pageOf(location.search));
    addEventListener("popstate", follow);
    return () => removeEventListener("popstate", follow);
  }, []);
  const go = useCallback(
    (next: PageName) => {
      if (next === pageOf(location.search)) return;
      const { config, catalogue } = store.getState();
      history.pushState(ours, "", addressOf(location, config, catalogue, next));
      setPage(next);
      scrollTo(0, 0);
    },
    [store],
  );
  return [page, go];
}

/** Marks the entries of the browser's history that this page wrote: going back to one changes the page, not the form. */
const ours = "rankscope";

/** The address follows the configuration, and the configuration follows an address that the visitor changes. */
function useAddress() {
  const { store } = useParts();
  const config = useStudio((state) => state.config);
  const catalogue = useStudio((state) => state.catalogue);
  useEffect(() => {
    const timer = setTimeout(() => history.replaceState(ours, "", addressOf(location, config, catalogue)), 200);
    return () => clearTimeout(timer);
  }, [config, catalogue]);
  useEffect(() => {
    const keep = () => {
      if (history.state === ours) history.replaceState(ours, "", addressOf(location, store.getState().config, catalogue));
    };
    const adopt = () => {
      if (history.state === ours) return;
      const { config: next, notes } = fromAddress(location, catalogue);
      history.replaceState(ours, "");
      store.getState().replaceConfig(next, text.undo.address);
      for (const what of notes) store.getState().fail({ what });
    };
    addEventListener("popstate", keep);
    addEventListener("hashchange", adopt);
    return () => {
      removeEventListener("popstate", keep);
      removeEventListener("hashchange", adopt);
    };
  }, [store, catalogue]);
}

/** Preflight and preview follow the configuration, a moment after its last change. */
function useSessionAnswers() {
  const { store } = useParts();
  const config = useStudio((state) => state.config);
  useEffect(() => {
    const timer = setTimeout(() => void store.getState().refresh(), 250);
    return () => clearTimeout(timer);
  }, [store, config]);
  // The map follows the budget while it moves.
  useEffect(() => {
    const timer = setTimeout(() => void store.getState().allocate(), 30);
    return () => clearTimeout(timer);
  }, [store, config]);
}
