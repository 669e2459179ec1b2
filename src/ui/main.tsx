// main.tsx — the page's entry: connects to the session in its worker and mounts the app.
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { connect } from "./client.ts";
import "./theme.css";

const lost = new EventTarget();
const client = connect((what) => lost.dispatchEvent(new CustomEvent("lost", { detail: what })));
createRoot(document.getElementById("root")!).render(<App client={client} lost={lost} />);
