// mounted.tsx — the page over a replayed session, mounted anew for each browser test of a file and taken away after it.
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect } from "vitest";
import { page } from "vitest/browser";
import { App } from "../../src/ui/app.tsx";
import "../../src/ui/theme.css";
import { ReplaySession } from "../ui/fixture.ts";

export interface Mounted {
  /** What the page is mounted in. */
  host: HTMLDivElement;
  /** Shows the page at an address ("#r=4"). */
  show(session: ReplaySession, address?: string): void;
  /** Shows it and waits until the session has said what the first run would be. */
  open(session?: ReplaySession, address?: string): Promise<ReplaySession>;
}

export function mounted(): Mounted {
  let root: Root;
  // A test may end on another page of ours: the address it began with is the one to go back to.
  const home = location.pathname + location.search;
  const here: Mounted = {
    host: undefined!,
    show(session, address = "") {
      history.replaceState(null, "", address || home);
      root.render(<App client={session} />);
    },
    async open(session = new ReplaySession(20), address = "") {
      here.show(session, address);
      await expect.element(page.getByTestId("preflight")).toHaveTextContent("162,816 of 3,148,224");
      return session;
    },
  };
  beforeEach(() => {
    here.host = document.createElement("div");
    document.body.append(here.host);
    root = createRoot(here.host);
  });
  afterEach(() => {
    root.unmount();
    here.host.remove();
    history.replaceState(null, "", home);
  });
  return here;
}
