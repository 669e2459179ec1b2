// opt.ts — the OPT architecture: layer norm before each block (or behind it, as in opt-350m), learned positions, multi-head attention, a two-layer MLP,
// biases, and embeddings that may be narrower than the hidden states.
// Zhang et al. 2022, https://arxiv.org/abs/2205.01068. Letters: B batch, T tokens, C width, H heads, D head size, F MLP width,
// E embedding width, V vocabulary.

import { ShapeError, type Tensor } from "../engine/tensor.ts";
import { activation } from "../ops/activation.ts";
import { add } from "../ops/add.ts";
import { embedding } from "../ops/embedding.ts";
import { layerNorm } from "../ops/layer-norm.ts";
import { flag, oneOf, whole } from "./config.ts";
import { ConfigError, type Model, type ModelConfig, type Scope } from "./model.ts";

const activationNames = ["relu", "gelu", "gelu_new"] as const;

export interface OptConfig extends ModelConfig {
  ffnSize: number;
  embeddingSize: number;
  /** Layer norm before each block, and a last one; else behind each. */
  preNorm: boolean;
  heads: number;
  activation: (typeof activationNames)[number];
  bias: boolean;
  tied: boolean;
}

/** OPT's table of positions starts with two rows that no token uses: the first position is row 2. */
const OFFSET = 2;
/** transformers takes PyTorch's default; config.json does not hold it. */
const EPS = 1e-5;

export const opt: Model<OptConfig> = {
  name: "opt",
  paper: "2205.01068",
  architectures: ["OPTForCausalLM", "OPTForSequenceClassification", "OPTModel"],
  modelType: "opt",

  parse(config) {
    const hiddenSize = whole(config, "hidden_size", { step: 4, most: 1 << 16 });
    const heads = whole(config, "num_attention_heads", { most: 1024 });
    if (hiddenSize % heads)
      throw new ConfigError("config.json num_attention_heads", `${heads} does not divide hidden_size ${hiddenSize}`, "Download config.json again.");
    whole({ "hidden_size / num_attention_heads": hiddenSize / heads }, "hidden_size / num_attention_heads", { step: 4, most: 256 });
    const must = (field: string, value: boolean, what: string): void => {
      if (flag(config, field, value) !== value) throw new ConfigError(`config.json ${field}`, `is ${!value}: ${what} is not known here`, "Pick another OPT model."); // prettier-ignore
    };
    must("layer_norm_elementwise_affine", true, "layer norm without weights");
    must("_remove_final_layer_norm", false, "OPT without its last layer norm");
    return {
      vocabSize: whole(config, "vocab_size"),
      hiddenSize,
      layers: whole(config, "num_hidden_layers", { most: 1024 }),
      maxPositions: whole(config, "max_position_embeddings", { fallback: 2048 }),
      ffnSize: whole(config, "ffn_dim", { step: 4 }),
      embeddingSize: whole(config, "word_embed_proj_dim", { fallback: hiddenSize, step: 4 }),
      preNorm: flag(config, "do_layer_norm_before", true),
      heads,
      activation: oneOf(config, "activation_function", activationNames, "relu"),
      bias: flag(config, "enable_bias", true),
      tied: flag(config, "tie_word_embeddings", true),
    };
  },

  forward(s, c, inputIds) {
    const T = inputIds.shape[1];
    if (T > c.maxPositions) throw new ShapeError(`${T} tokens, but the model has ${c.maxPositions} positions: shorten max_length`);
    const decoder = s.at("model").at("decoder");
    const projected = c.embeddingSize !== c.hiddenSize;
    const words = embedding(inputIds, decoder.weight("embed_tokens.weight", [c.vocabSize, c.embeddingSize])); // (B, T, E)
    const places = embedding(decoder.positions(OFFSET), decoder.weight("embed_positions.weight", [c.maxPositions + OFFSET, c.hiddenSize]));
    let h = add(projected ? decoder.linear("project_in", words, c.hiddenSize) : words, places); // (B, T, C)
    for (let i = 0; i < c.layers; i++) {
      const layer = decoder.at("layers").at(i);
      h = layer.layer(() => block(layer, c, h));
    }
    if (c.preNorm) h = norm(decoder, "final_layer_norm", h);
    return projected ? decoder.linear("project_out", h, c.embeddingSize) : h; // (B, T, E)
  },

  head(s, c) {
    const shape = [c.vocabSize, c.embeddingSize];
    return c.tied ? s.at("model").at("decoder").weight("embed_tokens.weight", shape) : s.weight("lm_head.weight", shape);
  },

  classifier: {
    module: "score",
    architecture: "OPTForSequenceClassification",
    logits: (s, _, h, classes) => s.head("score", s.pick("last", h), classes),
  },
  body: "model",
};

function norm(s: Scope, name: string, x: Tensor): Tensor {
  const C = x.shape[x.shape.length - 1];
  return layerNorm(x, s.weight(`${name}.weight`, [C]), s.weight(`${name}.bias`, [C]), EPS);
}

function block(s: Scope, c: OptConfig, h: Tensor): Tensor {
  const [C, H] = [c.hiddenSize, c.heads];
  const bias = { bias: c.bias };
  /** norm, branch, residual; or branch, residual, norm. */
  const around = (residual: "residual_1" | "residual_2", normed: string, x: Tensor, branch: (x: Tensor) => Tensor): Tensor =>
    c.preNorm ? s.residual(residual, x, branch(norm(s, normed, x))) : norm(s, normed, s.residual(residual, x, branch(x)));

  const attention = s.at("self_attn");
  h = s.tap("in", h);
  h = around("residual_1", "self_attn_layer_norm", h, (x) => {
    const qkv = attention.linears(["q_proj", "k_proj", "v_proj"], x, [C, C, C], bias); // (B, T, 3C)
    const mixed = attention.attention(qkv, { heads: H, kvHeads: H, headSize: C / H }); // (B, T, C)
    return attention.linear("out_proj", mixed, C, bias);
  });
  h = s.tap("ffn_in", h, (x) => norm(s, "self_attn_layer_norm", x));
  h = around("residual_2", "final_layer_norm", h, (x) => {
    const up = s.linear("fc1", x, c.ffnSize, bias); // (B, T, F)
    return s.linear("fc2", activation(up, c.activation), C, bias);
  });
  return s.tap("out", h, (x) => norm(s, "final_layer_norm", x));
}
