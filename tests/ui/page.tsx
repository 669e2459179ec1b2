// page.tsx — the page over a replayed log, for looking at it without a GPU: `npm run dev`, then /tests/ui/page.html.
// ?tick=200 slows the replay; ?device=none shows a browser without WebGPU.
import { createRoot } from "react-dom/client";
import { App } from "../../src/ui/app.tsx";
import "../../src/ui/theme.css";
import { device, ReplaySession } from "./fixture.ts";

const query = new URLSearchParams(location.search);
const none = { ...device, webgpu: false, adapter: "", hint: "This looks like Firefox on Linux: set dom.webgpu.enabled in about:config, or use Chrome." };
const session = new ReplaySession(Number(query.get("tick") ?? 50), query.get("device") === "none" ? none : device);
createRoot(document.getElementById("root")!).render(<App client={session} />);
