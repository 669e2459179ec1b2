// serve.ts — the production build, built if stale and served on a free loopback port, for page tests.
import { buildIfStale } from "../../scripts/build.mjs";
import { serve } from "../../scripts/serve.mjs";

/**
 * base: path the page lies under, with slashes at both ends. headers: instead of the usual ones ({}: a static host that sends none).
 * The caller closes it. Throws when the build fails.
 */
export function serveDist(options: { base?: string; headers?: Record<string, string> } = {}): Promise<{ url: string; close: () => Promise<void> }> {
  return serve(buildIfStale(), options);
}
