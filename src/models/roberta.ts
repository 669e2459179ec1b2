// roberta.ts — RoBERTa: BERT's encoder with positions that start behind the padding's, and a classifier of two layers on the first token.
// Liu et al. 2019, https://arxiv.org/abs/1907.11692

import { activation } from "../ops/activation.ts";
import { type EncoderConfig, encode, parseEncoder } from "./bert.ts";
import { whole } from "./config.ts";
import type { Model } from "./model.ts";

export const roberta: Model<EncoderConfig> = {
  name: "roberta",
  paper: "1907.11692",
  architectures: ["RobertaForSequenceClassification", "RobertaModel", "RobertaForMaskedLM"],
  modelType: "roberta",
  /** The row of pad_token_id in the table of positions belongs to padding, the first token's is the next. */
  parse: (config) => parseEncoder(config, config.pad_token_id === 0 ? 1 : whole(config, "pad_token_id", { fallback: 1 }) + 1),
  forward: (s, c, inputIds) => encode(s.at("roberta"), c, inputIds),

  classifier: {
    module: "classifier",
    architecture: "RobertaForSequenceClassification",
    logits(s, c, h, classes) {
      const head = s.at("classifier");
      const inner = head.head("dense", s.pick("first", h), c.hiddenSize, { bias: true }); // (B, C)
      return head.head("out_proj", activation(inner, "tanh"), classes, { bias: true });
    },
  },
  body: "roberta",
};
