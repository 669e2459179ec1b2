// browser-locks.ts — who has something under way, across the tabs of the browser: Web Locks, which go with the tab.

/** Until the function is called, no other tab holds it; null: one does. */
export function holdLock(name: string): Promise<(() => void) | null> {
  return new Promise((resolve, reject) => {
    navigator.locks.request(name, { ifAvailable: true }, (lock) => (lock ? new Promise<void>((release) => resolve(release)) : resolve(null))).catch(reject);
  });
}

/** What is held under a prefix, here or elsewhere. */
export async function heldLocks(prefix: string): Promise<ReadonlySet<string>> {
  const { held = [] } = await navigator.locks.query();
  return new Set(held.flatMap(({ name }) => (name?.startsWith(prefix) ? [name.slice(prefix.length)] : [])));
}
