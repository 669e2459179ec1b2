// context.ts — how components reach the store and the session.
import { createContext, startTransition, useContext, useEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import type { StoreApi } from "zustand/vanilla";
import type { Session } from "../protocol.ts";
import type { Compared } from "./compare/store.ts";
import type { Library } from "./library.ts";
import type { Studio } from "./store.ts";

export interface Parts {
  store: StoreApi<Studio>;
  library: StoreApi<Library>;
  compared: StoreApi<Compared>;
  client: Session;
}

export const StudioContext = createContext<Parts | null>(null);

export function useParts(): Parts {
  const parts = useContext(StudioContext);
  if (!parts) throw new Error("a component of the page is used outside of <App>");
  return parts;
}

export const useStudio = <T>(select: (state: Studio) => T): T => useStore(useParts().store, select);
export const useCompared = <T>(select: (state: Compared) => T): T => useStore(useParts().compared, select);
export const useLibrary = <T>(select: (state: Library) => T): T => useStore(useParts().library, select);

/** `value`, but at most one change per `ms`, drawn in slices between other work; the last value always arrives. */
export function useThrottled<T>(value: T, ms: number): T {
  const [shown, setShown] = useState(value);
  const last = useRef(0);
  useEffect(() => {
    const wait = Math.max(0, last.current + ms - performance.now());
    const timer = setTimeout(() => {
      last.current = performance.now();
      startTransition(() => setShown(value));
    }, wait);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return shown;
}

/** Width of an element in CSS pixels, followed as it changes. */
export function useWidth<E extends HTMLElement>(): [React.RefObject<E | null>, number] {
  const ref = useRef<E>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (!ref.current) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry.contentRect.width)));
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, []);
  return [ref, width];
}
