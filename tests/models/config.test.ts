// config.json of strangers: an unknown architecture or a wrong field is one error that names it.

import { expect, test } from "vitest";
import { models, parseModel } from "../../src/models/index.ts";
import { ConfigError } from "../../src/models/model.ts";
import { llamaJson } from "../harness/tiny-model.ts";

test("fields that are missing have transformers' defaults", () => {
  const { config } = parseModel({
    architectures: ["LlamaForCausalLM"],
    vocab_size: 9,
    hidden_size: 16,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    intermediate_size: 8,
  });
  expect(config).toMatchObject({ kvHeads: 2, headSize: 8, eps: 1e-6, tied: false, attentionBias: false, mlpBias: false, maxPositions: 2048 });
  expect(config).toMatchObject({ rope: { theta: 10_000, scaling: null } });
});

test("null is as good as missing, and model_type stands in for architectures", () => {
  const { architectures: _, ...rest } = llamaJson;
  const { model, config } = parseModel({ ...rest, head_dim: null, rope_scaling: null, rope_parameters: null });
  expect(model.name).toBe("llama");
  expect(config).toMatchObject({ headSize: 8 });
});

test("every architecture of the registry is found by its names", () => {
  for (const m of Object.values(models)) {
    expect(m.architectures.length).toBeGreaterThan(0);
    expect(m.paper).toMatch(/^\d{4}\.\d{4,5}$/);
  }
});

test.each([
  [{ architectures: ["GPTJForCausalLM"] }, /architectures: is \["GPTJForCausalLM"\].*LlamaForCausalLM/],
  [{ architectures: undefined, model_type: "mamba" }, /architectures: is "mamba"/],
  [{ architectures: undefined, model_type: undefined }, /architectures: is null/],
  [{ vocab_size: undefined }, /vocab_size: must be a whole number.*missing/],
  [{ vocab_size: 0 }, /vocab_size/],
  [{ vocab_size: 2 ** 40 }, /vocab_size/],
  [{ hidden_size: 30 }, /hidden_size: is 30, no multiple of 4/],
  [{ hidden_size: "32" }, /hidden_size: must be a whole number.*"32"/],
  [{ num_attention_heads: 5, num_key_value_heads: 5 }, /head_dim/],
  [{ num_key_value_heads: 3 }, /num_key_value_heads: 3 does not divide/],
  [{ num_hidden_layers: 1e9 }, /num_hidden_layers/],
  [{ intermediate_size: -4 }, /intermediate_size/],
  [{ rms_norm_eps: 0 }, /rms_norm_eps/],
  [{ tie_word_embeddings: "yes" }, /tie_word_embeddings: must be true or false/],
  [{ hidden_act: "gelu" }, /hidden_act: is "gelu".*silu/],
  [{ head_dim: 6 }, /head_dim: is 6, no multiple of 4/],
  [{ max_position_embeddings: 1.5 }, /max_position_embeddings/],
  [{ rope_theta: -1 }, /rope_theta/],
  [{ rope_parameters: "default" }, /rope_parameters: is no object/],
  [{ rope_scaling: [] }, /rope_parameters: is no object/],
  [{ rope_scaling: { type: "yarn", factor: 2 } }, /rope_scaling: has the type "yarn".*default, linear, llama3/],
  [{ rope_scaling: { type: "linear" } }, /factor: must be a positive number.*missing/],
  [
    { rope_scaling: { rope_type: "llama3", factor: 8, low_freq_factor: 4, high_freq_factor: 4, original_max_position_embeddings: 16 } },
    /high_freq_factor: 4 is not above low_freq_factor 4/,
  ],
])("%j", (change, message) => {
  const parse = () => parseModel({ ...llamaJson, ...change });
  expect(parse).toThrow(ConfigError);
  expect(parse).toThrow(message);
});
