// vitest.config.ts — three kinds of test: Node (with Dawn), inside a real Chromium, and the built page driven from outside.
import { playwright } from "@vitest/browser-playwright";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { browserFlags, findBrowser, vulkanEnvironment } from "./scripts/find-browser.mjs";

const chromium = playwright({ launchOptions: { executablePath: findBrowser(), args: browserFlags } });

const packages = [
  "react",
  "react-dom",
  "react-dom/client",
  "react/jsx-dev-runtime",
  "zustand",
  "zustand/react/shallow",
  "recharts",
  "comlink",
  "dexie",
  "fflate",
  "@huggingface/jinja",
  "@huggingface/tokenizers",
  "papaparse",
];

export default defineConfig({
  plugins: [react()],
  worker: { format: "es" },
  test: {
    passWithNoTests: true,
    projects: [
      {
        extends: true,
        test: {
          name: "node",
          environment: "node",
          include: ["tests/**/*.test.{ts,tsx}"],
          exclude: ["tests/browser/**", "tests/page/**"],
          pool: "forks",
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
          env: vulkanEnvironment("software"),
          globalSetup: "tests/harness/probe-webgpu.ts",
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        // Found while a test runs, a package would be bundled then and the page reloaded under the test: on a fresh clone only.
        optimizeDeps: { include: packages },
        test: {
          name: "browser",
          include: ["tests/browser/**/*.test.{ts,tsx}"],
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
          testTimeout: 60_000,
          hookTimeout: 60_000,
          browser: { enabled: true, headless: true, screenshotFailures: false, provider: chromium, instances: [{ browser: "chromium" }] },
        },
      },
      {
        extends: true,
        test: {
          name: "page",
          environment: "node",
          include: ["tests/page/**/*.test.ts"],
          pool: "forks",
          maxWorkers: 1,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
