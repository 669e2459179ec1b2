// The adapters. One file and one line here add one.

import { lora } from "./lora.ts";

export const adapters = { lora } as const;
export type AdapterName = keyof typeof adapters;
