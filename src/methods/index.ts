// The methods a user picks: an adapter and what the page says of it. One entry adds one.

import { type AdapterName } from "../adapters/index.ts";

export interface Method {
  readonly name: string;
  readonly title: string;
  readonly help: string;
  readonly paper?: string;
  /** null: the base's own weights are trained. */
  readonly adapter: AdapterName | null;
}

export const methods = {
  lora: { name: "lora", title: "LoRA", help: "Frozen base, a trained low-rank product beside each chosen layer.", paper: "2106.09685", adapter: "lora" },
  full: { name: "full", title: "Full fine-tuning", help: "Trains the chosen weights themselves. Most memory, no adapter.", adapter: null },
} as const satisfies Record<string, Method>;

export type MethodName = keyof typeof methods;
