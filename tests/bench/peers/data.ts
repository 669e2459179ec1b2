// data.ts — the reference step as the other libraries take it: plain arrays, linear weights as (in, out), targets shifted, −100 where nothing counts.

import { referenceStep } from "../../../src/bench/reference-step.ts";
import { bytesSource, openSafetensors } from "../../../src/formats/safetensors.ts";
import { transpose } from "../../../src/train/run.ts";

export interface PeerData {
  shape: { B: number; T: number; C: number; L: number; H: number; V: number };
  optimizer: { lr: number; beta1: number; beta2: number; eps: number; weightDecay: number };
  /** LoRA's α/r. */
  scale: number;
  /** Where each tensor lies in the values, in elements. */
  index: Record<string, { shape: number[]; offset: number }>;
  inputIds: number[];
  targets: number[];
  losses: readonly number[];
}

const SITES = { q: "self_attn.q_proj", k: "self_attn.k_proj", v: "self_attn.v_proj", o: "self_attn.out_proj", up: "fc1", down: "fc2" };
const NORMS = { ln1: "self_attn_layer_norm", ln2: "final_layer_norm" };

/** Trained tensors end in `.A` (in, r) and `.B` (r, out). */
export async function peerData(): Promise<{ data: PeerData; values: Float32Array }> {
  const { config, weights, adapter, batch, optimizer, losses } = referenceStep();
  const file = await openSafetensors(new Map([["model.safetensors", bytesSource(weights)]]));
  const [B, T, L] = [batch.inputIds.length, batch.inputIds[0].length, config.num_hidden_layers as number];
  const parts: Float32Array[] = [];
  const index: PeerData["index"] = {};
  let offset = 0;
  const put = (name: string, shape: number[], part: Float32Array): void => {
    index[name] = { shape, offset };
    offset += part.length;
    parts.push(part);
  };
  const take = async (name: string): Promise<[number[], Float32Array]> => [[...file.shape(`model.decoder.${name}`)], await file.read(`model.decoder.${name}`)];
  const norm = async (name: string, from: string): Promise<void> => {
    put(`${name}.g`, ...(await take(`${from}.weight`)));
    put(`${name}.b`, ...(await take(`${from}.bias`)));
  };

  const [[V, C], embedding] = await take("embed_tokens.weight");
  put("wte", [V, C], embedding);
  put("wpe", [T, C], (await take("embed_positions.weight"))[1].slice(2 * C)); // OPT's first two rows stand for no position
  for (let l = 0; l < L; l++) {
    for (const [name, from] of Object.entries(NORMS)) await norm(`${l}.${name}`, `layers.${l}.${from}`);
    for (const [name, from] of Object.entries(SITES)) {
      const [[out, inputs], W] = await take(`layers.${l}.${from}.weight`);
      const { r, A, B: low } = adapter.modules.get(`model.decoder.layers.${l}.${from}`)!;
      put(`${l}.${name}.w`, [inputs, out], transpose(W, out, inputs));
      put(`${l}.${name}.A`, [inputs, r], transpose(A.data, r, inputs));
      put(`${l}.${name}.B`, [r, out], transpose(low.data, out, r));
    }
  }
  await norm("lnf", "final_layer_norm");

  const values = new Float32Array(offset);
  Object.values(index).forEach((at, i) => values.set(parts[i], at.offset));
  const { lr, betas, eps, weightDecay } = optimizer;
  return {
    values,
    data: {
      shape: { B, T, C, L, H: config.num_attention_heads as number, V },
      optimizer: { lr, beta1: betas[0], beta2: betas[1], eps, weightDecay },
      scale: [...adapter.modules.values()][0].scale,
      index,
      inputIds: batch.inputIds.flat(),
      targets: batch.labels.flatMap((row) => [...row.slice(1), -100]),
      losses,
    },
  };
}
