// reference-step.ts — one LoRA training step that every library is measured by, generated from a seed: OPT with 4 layers, width 256, vocabulary 1024,
// 4 rows of 128 tokens; r = 8, α = 16 on six linear layers of each; AdamW. About 8.2 GFLOP. The same bytes everywhere; losses from PyTorch,
// transformers and PEFT.

import type { AdapterModule, PeftAdapter } from "../formats/peft.ts";
import { parseLoraConfig } from "../formats/peft-config.ts";
import { type TensorData, writeSafetensors } from "../formats/safetensors.ts";

/** Width, layers, heads, MLP width, vocabulary, tokens, rows, rank. */
const [C, L, H, F, V, T, B, R] = [256, 4, 4, 1024, 1024, 128, 4, 8];

export interface ReferenceStep {
  /** config.json. */
  config: Record<string, unknown>;
  /** model.safetensors. */
  weights: Uint8Array<ArrayBuffer>;
  adapter: PeftAdapter;
  /** (B, T) each; labels as Hugging Face has them, not shifted yet. */
  batch: { inputIds: number[][]; mask: number[][]; labels: number[][] };
  optimizer: { lr: number; betas: readonly [number, number]; eps: number; weightDecay: number };
  /** Of steps 1 to 8, each before its update. */
  losses: readonly number[];
  gflop: number;
}

/** mulberry32 (Tommy Ettinger, public domain): a stream of numbers in [0, 1). */
function stream(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The order of draws is the format: weights (in, out) layer by layer, each with its A (in, r), then the tokens. */
export function referenceStep(): ReferenceStep {
  const random = stream(12345);
  const gauss = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const draw = (n: number, of: () => number): Float32Array<ArrayBuffer> => Float32Array.from({ length: n }, of);
  /** Drawn as (in, out), kept as (out, in). */
  const drawTransposed = (inputs: number, out: number): Float32Array<ArrayBuffer> => {
    const W = new Float32Array(out * inputs);
    for (let i = 0; i < inputs; i++) for (let o = 0; o < out; o++) W[o * inputs + i] = gauss() / Math.sqrt(inputs);
    return W;
  };

  const tensors: TensorData[] = [];
  const modules = new Map<string, AdapterModule>();
  const put = (name: string, shape: number[], data: Float32Array): void => void tensors.push({ name: `model.decoder.${name}`, shape, data });
  const norm = (name: string, w: () => number, b: () => number): void => {
    put(`${name}.weight`, [C], draw(C, w));
    put(`${name}.bias`, [C], draw(C, b));
  };
  const linear = (name: string, inputs: number, out: number): void => {
    put(`${name}.weight`, [out, inputs], drawTransposed(inputs, out));
    put(`${name}.bias`, [out], new Float32Array(out));
    const A = { shape: [R, inputs] as const, data: drawTransposed(inputs, R) };
    modules.set(`model.decoder.${name}`, { r: R, alpha: 2 * R, scale: 2, A, B: { shape: [out, R], data: new Float32Array(out * R) } });
  };

  put("embed_tokens.weight", [V, C], draw(V * C, () => gauss() * 0.02 * 4)); // prettier-ignore
  const places = new Float32Array((T + 2) * C);
  places.set(draw(T * C, () => gauss() * 0.02), 2 * C); // prettier-ignore
  put("embed_positions.weight", [T + 2, C], places);
  for (let l = 0; l < L; l++) {
    for (const name of ["self_attn_layer_norm", "final_layer_norm"]) norm(`layers.${l}.${name}`, () => 1 + gauss() * 0.02, () => gauss() * 0.02); // prettier-ignore
    for (const name of ["q_proj", "k_proj", "v_proj", "out_proj"]) linear(`layers.${l}.self_attn.${name}`, C, C);
    linear(`layers.${l}.fc1`, C, F);
    linear(`layers.${l}.fc2`, F, C);
  }
  norm("final_layer_norm", () => 1, () => 0); // prettier-ignore

  const inputIds = Array.from({ length: B }, () => Array.from({ length: T }, () => Math.floor(random() * V)));
  return {
    config: {
      architectures: ["OPTForCausalLM"],
      model_type: "opt",
      hidden_size: C,
      num_hidden_layers: L,
      num_attention_heads: H,
      ffn_dim: F,
      vocab_size: V,
      max_position_embeddings: T,
      word_embed_proj_dim: C,
      do_layer_norm_before: true,
      activation_function: "gelu_new",
      enable_bias: true,
      layer_norm_elementwise_affine: true,
      tie_word_embeddings: true,
    },
    weights: writeSafetensors(tensors, { format: "pt" }),
    adapter: {
      config: parseLoraConfig({ peft_type: "LORA", r: R, lora_alpha: 2 * R, target_modules: ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"] }),
      modules,
      saved: new Map(),
    },
    batch: { inputIds, mask: inputIds.map((row) => row.map(() => 1)), labels: inputIds },
    optimizer: { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0.01 },
    losses: [7.707504, 7.534638, 7.33886, 7.13029, 6.933735, 6.770103, 6.632779, 6.502448],
    gflop: 8.2,
  };
}
