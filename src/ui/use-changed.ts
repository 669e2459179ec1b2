// use-changed.ts — acts when a value has changed. An effect alone would act again whenever a page that was left is shown: React then runs all of them anew.
import { useEffect, useRef } from "react";

export function useChanged<T>(value: T, act: (value: T) => void): void {
  const last = useRef(value);
  useEffect(() => {
    if (last.current === value) return;
    last.current = value;
    act(value);
  });
}
