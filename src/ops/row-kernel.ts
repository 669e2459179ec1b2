// row-kernel.ts — a kernel that reduces along rows, in two forms from one text: one invocation per row on `cpu` devices, where barriers are dear;
// one workgroup per row on `gpu`. The text takes ROWS, LANES, rowOf and total from the form it is put behind.

import { type Kernel, grid1d, kernel } from "../engine/kernel.ts";
import type { Target } from "../engine/op.ts";
import invocation from "./rows.invocation.wgsl?raw";
import workgroup from "./rows.workgroup.wgsl?raw";

export const rowKernel = (name: string, code: string): Record<Target["class"], Kernel> => ({
  cpu: kernel(`${name}.row`, invocation + code),
  gpu: kernel(`${name}.tree`, workgroup + code),
});

/** Workgroups for n rows. */
export const rowGrid = (n: number, target: Target): [number, number, number] => (target.class === "cpu" ? grid1d(n, 16) : grid1d(n, 1));
