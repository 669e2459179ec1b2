// isolation.js — an optional service worker for static hosts that send no headers: it adds the two that make the page cross-origin isolated, so that
// WebAssembly may use several threads. It stores nothing and asks for nothing that the page does not ask for. Installed only when the visitor asks.

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  if (new URL(event.request.url).origin !== self.location.origin) return;
  event.respondWith(
    fetch(event.request).then((response) => {
      if (response.status === 0) return response;
      const headers = new Headers(response.headers);
      headers.set("Cross-Origin-Opener-Policy", "same-origin");
      headers.set("Cross-Origin-Embedder-Policy", "require-corp");
      return new Response([204, 205, 304].includes(response.status) ? null : response.body, {
        status: response.status,
        statusText: response.statusText,
        headers,
      });
    }),
  );
});
