// studio.worker.ts — the session in a worker. The only file that knows it is in one.

import { expose } from "comlink";
import { browserSurroundings } from "../src/session/browser.ts";
import { StudioSession } from "../src/session/studio.ts";

expose(new StudioSession(browserSurroundings(new URL("../", self.location.href))));
