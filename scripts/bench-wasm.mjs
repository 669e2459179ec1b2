// bench-wasm.mjs — the figures behind docs/decisions/009-wasm-backend.md: `node scripts/bench-wasm.mjs`. Steps of every backend: `npm run bench -- --steps`.
// @ts-check
import { runModule } from "./run-module.mjs";

await runModule("/tests/bench/wasm-alternatives.ts", ({ main }) => main());
process.exit(0); // ONNX Runtime's threads
