// bert.ts — the BERT architecture, an encoder: every token sees every other; layer norm behind each block, learned positions and sentence types.
// Devlin et al. 2018, https://arxiv.org/abs/1810.04805. Letters: B batch, T tokens, C width, H heads, F MLP width, V vocabulary.

import { ShapeError, type Tensor } from "../engine/tensor.ts";
import { activation } from "../ops/activation.ts";
import { add } from "../ops/add.ts";
import { embedding } from "../ops/embedding.ts";
import { layerNorm } from "../ops/layer-norm.ts";
import { flag, oneOf, positive, whole } from "./config.ts";
import { ConfigError, type Model, type ModelConfig, type Scope } from "./model.ts";

const activationNames = ["gelu", "gelu_new", "relu", "silu"] as const;

export interface EncoderConfig extends ModelConfig {
  intermediateSize: number;
  heads: number;
  activation: (typeof activationNames)[number];
  eps: number;
  tokenTypes: number;
  /** Rows of the table of positions before that of the first token. */
  offset: number;
}

/** offset: rows of the table of positions that no token uses. Throws ConfigError. */
export function parseEncoder(config: Record<string, unknown>, offset: number): EncoderConfig {
  const hiddenSize = whole(config, "hidden_size", { step: 4, most: 1 << 16 });
  const heads = whole(config, "num_attention_heads", { most: 1024 });
  if (hiddenSize % heads)
    throw new ConfigError("config.json num_attention_heads", `${heads} does not divide hidden_size ${hiddenSize}`, "Download config.json again.");
  whole({ "hidden_size / num_attention_heads": hiddenSize / heads }, "hidden_size / num_attention_heads", { step: 4, most: 256 });
  oneOf(config, "position_embedding_type", ["absolute"], "absolute");
  if (flag(config, "is_decoder", false)) throw new ConfigError("config.json is_decoder", "is true: only encoders are known here", "Pick another model.");
  const places = whole(config, "max_position_embeddings", { fallback: 512 });
  if (places <= offset)
    throw new ConfigError("config.json max_position_embeddings", `is ${places}, of which ${offset} are not used`, "Download config.json again.");
  return {
    vocabSize: whole(config, "vocab_size"),
    hiddenSize,
    layers: whole(config, "num_hidden_layers", { most: 1024 }),
    maxPositions: places - offset,
    intermediateSize: whole(config, "intermediate_size", { step: 4 }),
    heads,
    activation: oneOf(config, "hidden_act", activationNames, "gelu"),
    eps: positive(config, "layer_norm_eps", 1e-12),
    tokenTypes: whole(config, "type_vocab_size", { fallback: 2 }),
    offset,
  };
}

/** inputIds i32 (B, T) → (B, T, C). */
export function encode(s: Scope, c: EncoderConfig, inputIds: Tensor): Tensor {
  const T = inputIds.shape[1];
  if (T > c.maxPositions) throw new ShapeError(`${T} tokens, but the model has ${c.maxPositions} positions: shorten max_length`);
  const tables = s.at("embeddings");
  const look = (name: string, ids: Tensor, rows: number): Tensor => embedding(ids, tables.weight(`${name}_embeddings.weight`, [rows, c.hiddenSize]));
  const words = add(look("word", inputIds, c.vocabSize), look("token_type", s.tokenTypes(), c.tokenTypes));
  const places = look("position", s.positions(c.offset), c.maxPositions + c.offset);
  let h = norm(tables, c, add(words, places)); // (B, T, C)
  for (let i = 0; i < c.layers; i++) {
    const layer = s.at("encoder").at("layer").at(i);
    h = layer.layer(() => block(layer, c, h));
  }
  return h;
}

const norm = (s: Scope, c: EncoderConfig, x: Tensor): Tensor =>
  layerNorm(x, s.weight("LayerNorm.weight", [c.hiddenSize]), s.weight("LayerNorm.bias", [c.hiddenSize]), c.eps);

function block(s: Scope, c: EncoderConfig, h: Tensor): Tensor {
  const [C, H] = [c.hiddenSize, c.heads];
  const bias = { bias: true };
  const [self, mix, out] = [s.at("attention").at("self"), s.at("attention").at("output"), s.at("output")];
  h = s.tap("in", h);
  const qkv = self.linears(["query", "key", "value"], h, [C, C, C], bias); // (B, T, 3C)
  const mixed = self.attention(qkv, { heads: H, kvHeads: H, headSize: C / H, causal: false }); // (B, T, C)
  h = norm(mix, c, s.residual("residual_1", h, mix.linear("dense", mixed, C, bias)));
  h = s.tap("ffn_in", h, (x) => norm(mix, c, x));
  const up = s.at("intermediate").linear("dense", h, c.intermediateSize, bias); // (B, T, F)
  h = norm(out, c, s.residual("residual_2", h, out.linear("dense", activation(up, c.activation), C, bias)));
  return s.tap("out", h, (x) => norm(out, c, x));
}

export const bert: Model<EncoderConfig> = {
  name: "bert",
  paper: "1810.04805",
  architectures: ["BertForSequenceClassification", "BertModel", "BertForPreTraining", "BertForMaskedLM"],
  modelType: "bert",
  parse: (config) => parseEncoder(config, 0),
  forward: (s, c, inputIds) => encode(s.at("bert"), c, inputIds),

  classifier: {
    module: "classifier",
    architecture: "BertForSequenceClassification",
    logits(s, c, h, classes) {
      const pooled = s.at("bert").at("pooler").linear("dense", s.pick("first", h), c.hiddenSize, { bias: true }); // (B, C)
      return s.head("classifier", activation(pooled, "tanh"), classes, { bias: true });
    },
  },
  body: "bert",
};
