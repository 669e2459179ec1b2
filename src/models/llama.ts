// llama.ts — the Llama architecture: RMS norm before each block, rotary positions, grouped-query attention, SwiGLU, no or optional biases.
// Touvron et al. 2023, https://arxiv.org/abs/2302.13971. Letters: B batch, T tokens, C width, H heads, G kv heads, D head size, F MLP width, V vocabulary.

import type { Tensor } from "../engine/tensor.ts";
import { embedding } from "../ops/embedding.ts";
import { rmsNorm } from "../ops/rms-norm.ts";
import { type RopeConfig, ropeTable } from "../ops/rope.ts";
import { swiglu } from "../ops/swiglu.ts";
import { flag, oneOf, positive, whole } from "./config.ts";
import { ConfigError, type Model, type ModelConfig, type Scope } from "./model.ts";
import { parseRope } from "./rope-config.ts";

export interface LlamaConfig extends ModelConfig {
  intermediateSize: number;
  heads: number;
  kvHeads: number;
  headSize: number;
  eps: number;
  tied: boolean;
  attentionBias: boolean;
  mlpBias: boolean;
  rope: RopeConfig;
}

export const llama: Model<LlamaConfig> = {
  name: "llama",
  paper: "2302.13971",
  architectures: ["LlamaForCausalLM", "LlamaForSequenceClassification", "LlamaModel"],
  modelType: "llama",

  parse(config) {
    const hiddenSize = whole(config, "hidden_size", { step: 4, most: 1 << 16 });
    const heads = whole(config, "num_attention_heads", { most: 1024 });
    const kvHeads = whole(config, "num_key_value_heads", { fallback: heads, most: 1024 });
    if (heads % kvHeads)
      throw new ConfigError("config.json num_key_value_heads", `${kvHeads} does not divide num_attention_heads ${heads}`, "Download config.json again.");
    const headSize = whole(config, "head_dim", { fallback: hiddenSize / heads, step: 4, most: 256 });
    const maxPositions = whole(config, "max_position_embeddings", { fallback: 2048 });
    oneOf(config, "hidden_act", ["silu"], "silu");
    return {
      vocabSize: whole(config, "vocab_size"),
      hiddenSize,
      layers: whole(config, "num_hidden_layers", { most: 1024 }),
      maxPositions,
      intermediateSize: whole(config, "intermediate_size", { step: 4 }),
      heads,
      kvHeads,
      headSize,
      eps: positive(config, "rms_norm_eps", 1e-6),
      tied: flag(config, "tie_word_embeddings", false),
      attentionBias: flag(config, "attention_bias", false),
      mlpBias: flag(config, "mlp_bias", false),
      rope: parseRope(config, headSize, maxPositions),
    };
  },

  forward(s, c, inputIds) {
    const model = s.at("model");
    const rope = s.constant("rope", [c.maxPositions, c.headSize], () => ropeTable(c.rope)); // (Tmax, D)
    let h = embedding(inputIds, model.weight("embed_tokens.weight", [c.vocabSize, c.hiddenSize])); // (B, T, C)
    for (let i = 0; i < c.layers; i++) {
      const layer = model.at("layers").at(i);
      h = layer.layer(() => block(layer, c, h, rope));
    }
    return rmsNorm(h, model.weight("norm.weight", [c.hiddenSize]), c.eps);
  },

  head: (s, c) => (c.tied ? s.at("model").weight("embed_tokens.weight", [c.vocabSize, c.hiddenSize]) : s.weight("lm_head.weight", [c.vocabSize, c.hiddenSize])),

  classifier: {
    module: "score",
    architecture: "LlamaForSequenceClassification",
    logits: (s, _, h, classes) => s.head("score", s.pick("last", h), classes),
  },
  body: "model",
};

function block(s: Scope, c: LlamaConfig, h: Tensor, rope: Tensor): Tensor {
  const norm = (name: string, x: Tensor): Tensor => rmsNorm(x, s.weight(`${name}.weight`, [c.hiddenSize]), c.eps);
  const attention = s.at("self_attn");
  const [Q, KV] = [c.heads * c.headSize, c.kvHeads * c.headSize];
  h = s.tap("in", h);
  const bias = { bias: c.attentionBias };
  const qkv = attention.linears(["q_proj", "k_proj", "v_proj"], norm("input_layernorm", h), [Q, KV, KV], bias); // (B, T, (H + 2G) D)
  const mixed = attention.attention(qkv, { ...c, rope }); // (B, T, H D)
  h = s.residual("residual_1", h, attention.linear("o_proj", mixed, c.hiddenSize, bias));
  h = s.tap("ffn_in", h, (x) => norm("post_attention_layernorm", x));

  const mlp = s.at("mlp");
  const gateUp = mlp.linears(["gate_proj", "up_proj"], norm("post_attention_layernorm", h), [c.intermediateSize, c.intermediateSize], { bias: c.mlpBias }); // (B, T, 2F)
  h = s.residual("residual_2", h, mlp.linear("down_proj", swiglu(gateUp), c.hiddenSize, { bias: c.mlpBias }));
  return s.tap("out", h, (x) => norm("input_layernorm", x));
}
