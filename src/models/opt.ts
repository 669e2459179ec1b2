// opt.ts — the OPT architecture: layer norm before each block, learned positions, multi-head attention, a two-layer MLP, biases.
// Zhang et al. 2022, https://arxiv.org/abs/2205.01068. Letters: B batch, T tokens, C width, H heads, D head size, F MLP width, V vocabulary.

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
  architectures: ["OPTForCausalLM"],
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
    must("do_layer_norm_before", true, "OPT with layer norm behind its blocks");
    must("layer_norm_elementwise_affine", true, "layer norm without weights");
    must("_remove_final_layer_norm", false, "OPT without its last layer norm");
    const embedded = whole(config, "word_embed_proj_dim", { fallback: hiddenSize });
    if (embedded !== hiddenSize)
      throw new ConfigError("config.json word_embed_proj_dim", `is ${embedded}, hidden_size ${hiddenSize}: projected embeddings are not known here`, "Pick another OPT model."); // prettier-ignore
    return {
      vocabSize: whole(config, "vocab_size"),
      hiddenSize,
      layers: whole(config, "num_hidden_layers", { most: 1024 }),
      maxPositions: whole(config, "max_position_embeddings", { fallback: 2048 }),
      ffnSize: whole(config, "ffn_dim", { step: 4 }),
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
    const words = embedding(inputIds, decoder.weight("embed_tokens.weight", [c.vocabSize, c.hiddenSize]));
    const places = embedding(decoder.positions(OFFSET), decoder.weight("embed_positions.weight", [c.maxPositions + OFFSET, c.hiddenSize]));
    let h = add(words, places); // (B, T, C)
    for (let i = 0; i < c.layers; i++) {
      const layer = decoder.at("layers").at(i);
      h = layer.layer(() => block(layer, c, h));
    }
    return norm(decoder, "final_layer_norm", h);
  },

  head: (s, c) =>
    c.tied ? s.at("model").at("decoder").weight("embed_tokens.weight", [c.vocabSize, c.hiddenSize]) : s.weight("lm_head.weight", [c.vocabSize, c.hiddenSize]),
};

function norm(s: Scope, name: string, x: Tensor): Tensor {
  const C = x.shape[x.shape.length - 1];
  return layerNorm(x, s.weight(`${name}.weight`, [C]), s.weight(`${name}.bias`, [C]), EPS);
}

function block(s: Scope, c: OptConfig, h: Tensor): Tensor {
  const [C, H] = [c.hiddenSize, c.heads];
  const bias = { bias: c.bias };
  const attention = s.at("self_attn");
  const qkv = attention.linears(["q_proj", "k_proj", "v_proj"], norm(s, "self_attn_layer_norm", h), [C, C, C], bias); // (B, T, 3C)
  const mixed = attention.attention(qkv, { heads: H, kvHeads: H, headSize: C / H }); // (B, T, C)
  h = s.residual("residual_1", h, attention.linear("out_proj", mixed, C, bias));

  const up = s.linear("fc1", norm(s, "final_layer_norm", h), c.ffnSize, bias); // (B, T, F)
  return s.residual("residual_2", h, s.linear("fc2", activation(up, c.activation), C, bias));
}
