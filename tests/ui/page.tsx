// page.tsx — the page over a replayed log, for looking at it without a GPU: `npm run dev`, then /tests/ui/page.html.
// ?tick=200 slows the replay; ?device=none: a browser without WebGPU; ?fail: the run ends with an error; ?layers=30.
import { createRoot } from "react-dom/client";
import { catalogue } from "../../src/session/catalogue.ts";
import { App } from "../../src/ui/app.tsx";
import "../../src/ui/theme.css";
import { device, eventLog, ReplaySession } from "./fixture.ts";

const query = new URLSearchParams(location.search);
const none = { ...device, webgpu: false, adapter: "", hint: "This looks like Firefox on Linux: set dom.webgpu.enabled in about:config, or use Chrome." };
const layers = Number(query.get("layers") ?? 6);
const session = new ReplaySession(Number(query.get("tick") ?? 50), query.get("device") === "none" ? none : device, layers);
session.catalogue = async () => catalogue();
if (query.has("fail"))
  session.log = (config) => [
    ...eventLog(config, layers).slice(0, 110),
    {
      type: "state",
      state: "failed",
      step: 70,
      detail: "The loss is not finite",
      hint: "Lower the learning rate to 0.001; the checkpoint of step 60 is kept.",
    },
  ];
createRoot(document.getElementById("root")!).render(<App client={session} />);
