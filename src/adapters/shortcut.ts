// shortcut.ts — T(h) = M₀ h + (α/r) · B A h, where no layer lies: M₀ = I on a residual, M₀ = 0 between two hidden states; LoRA's start, so T is M₀ there.
// residual_1, residual_2: what a block's two branches are added to. shortcut_sa: from a block's input to its output. shortcut_ffn: from the MLP's input
// of the layer before to this layer's. Zhang et al. 2024 (HeteroLoRA), https://arxiv.org/abs/2406.14956, and the authors' code.

import type { Adapter } from "./adapter.ts";
import { lora } from "./lora.ts";

export const shortcut: Adapter = { ...lora, name: "proj", paper: "2406.14956" };

/** plain: adds nothing at the start, so that the model is the base. norm: the authors', who norm again where a shortcut comes in, on or off. */
export const shortcutForms = ["plain", "norm"] as const;
export type ShortcutForm = (typeof shortcutForms)[number];

const NAME = /(^|\.)(residual_[12]|shortcut_(sa|ffn))$/;
export const isShortcut = (site: string): boolean => NAME.test(site);
