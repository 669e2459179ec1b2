// vite.config.ts — page and worker as static files that work under any path, without any server header.
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { contentSecurityPolicy, isolationHeaders } from "./scripts/content-security-policy.mjs";

/** Writes the policy into the built page. Build only: the dev server needs inline scripts (React refresh) and a websocket. */
const policy: Plugin = {
  name: "content-security-policy",
  apply: "build",
  transformIndexHtml: () => [{ tag: "meta", attrs: { "http-equiv": "Content-Security-Policy", content: contentSecurityPolicy }, injectTo: "head-prepend" }],
};

export default defineConfig({
  base: "./",
  plugins: [react(), policy],
  // workers/ in the build as in the sources: from a worker, `new URL("../", self.location.href)` is the site's root in both.
  worker: { format: "es", rolldownOptions: { output: { entryFileNames: "workers/[name]-[hash].js" } } },
  server: { headers: isolationHeaders },
  preview: { headers: isolationHeaders },
  // Nothing is inlined as a data: URL, so that the policy can stay narrow.
  build: { target: "es2022", assetsInlineLimit: 0, sourcemap: true, chunkSizeWarningLimit: 1000 },
});
