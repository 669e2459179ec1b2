// What was said of a file's columns is remembered by them; where nothing can be kept, nothing breaks.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { recall, remember, type Reading } from "../../src/ui/remembered.ts";

const reading: Reading = { format: "alpaca", columns: { instruction: "frage", output: "antwort" }, task: "causal-lm" };
let kept: Map<string, string>;
beforeEach(() => {
  kept = new Map();
  vi.stubGlobal("localStorage", { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => kept.set(key, value) });
});
afterEach(() => vi.unstubAllGlobals());

test("by the columns in their order, until it is forgotten", () => {
  remember(["frage", "antwort"], reading);
  expect(recall(["frage", "antwort"])).toEqual(reading);
  expect(recall(["antwort", "frage"])).toBeNull();
  expect(recall(["constructor"])).toBeNull();
  remember(["frage", "antwort"], null);
  expect(recall(["frage", "antwort"])).toBeNull();
});

test("the oldest go first", () => {
  for (let i = 0; i < 60; i++) remember([`column ${i}`], reading);
  expect([recall(["column 0"]), recall(["column 9"])]).toEqual([null, null]);
  expect(recall(["column 10"])).toEqual(reading);
});

test("what others wrote there, and a browser that keeps nothing", () => {
  for (const text of ["nonsense", "5", "[]", '{"[\\"a\\"]":{"format":5}}', "null"]) {
    for (const key of ["rankscope columns"]) kept.set(key, text);
    expect(recall(["a"])).toBeNull();
  }
  vi.stubGlobal("localStorage", {
    getItem() {
      throw new Error("denied");
    },
    setItem() {
      throw new Error("full");
    },
  });
  remember(["a"], reading);
  expect(recall(["a"])).toBeNull();
});
