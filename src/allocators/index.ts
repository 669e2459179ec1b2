// The allocators. One file and one line here add one.

import type { Allocator } from "./allocator.ts";
import { greedy } from "./greedy.ts";
import { manual } from "./manual.ts";
import { proportional } from "./proportional.ts";
import { topK } from "./top-k.ts";
import { uniform } from "./uniform.ts";

export const allocators = { "top-k": topK, proportional, greedy, uniform, manual } as const satisfies Record<string, Allocator>;

export type AllocatorName = keyof typeof allocators;
