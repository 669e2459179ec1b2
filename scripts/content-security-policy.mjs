// content-security-policy.mjs — what the built page may load and talk to: itself and the model hub, nothing else.
// The build writes it into index.html; our own server also sends it as a header, because a worker only obeys headers.
// @ts-check

export const contentSecurityPolicy = Object.entries({
  "default-src": "'self'",
  "script-src": "'self' 'wasm-unsafe-eval'",
  "worker-src": "'self'",
  "style-src": "'self'",
  "img-src": "'self' data: blob:",
  "connect-src": "'self' https://huggingface.co https://*.huggingface.co https://*.hf.co",
  "object-src": "'none'",
  "base-uri": "'none'",
  "form-action": "'none'",
})
  .map(([directive, sources]) => `${directive} ${sources}`)
  .join("; ");

/** Makes a page cross-origin isolated, hence SharedArrayBuffer and precise timers. The page also works without. */
export const isolationHeaders = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
