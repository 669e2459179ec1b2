// model.ts — what an architecture is: a parser of its config.json and a function of a scope. It asks the scope for weights by their Hugging Face
// names and never sees data, devices or adapters.

import type { Shape, Tensor } from "../engine/tensor.ts";

/** What a model finds around it while it is traced. */
export interface Scope {
  at(name: string | number): Scope;
  /** One layer of the model, traced by fn: its values may be computed again in backward instead of kept. */
  layer<T>(fn: () => T): T;
  /** By Hugging Face name, relative to this scope. */
  weight(name: string, shape: Shape): Tensor;
  /** Made once on the host, in float64. */
  constant(name: string, shape: Shape, make: () => Float32Array): Tensor;
  /** y = x Wᵀ + b; adapters hook in here. `in-out`: the weight is stored (in, out). */
  linear(name: string, x: Tensor, out: number, o?: LinearShape): Tensor;
  /** Several sites that share x; their outputs lie packed behind one another in the last dimension. */
  linears(names: readonly string[], x: Tensor, outs: readonly number[], o?: LinearShape): Tensor;
  /** Packed q, k, v → (B, T, H·D). Training: the whole sequence under the mask; generating: appends to the KV cache. */
  attention(qkv: Tensor, o: AttentionShape): Tensor;
  /** Position of each token plus `offset`, i32 (B, T), to look learned positions up by. Training: counted over the mask; generating: the run's position. */
  positions(offset: number): Tensor;
  /** Segment of each token (first or second sentence), i32 (B, T). */
  tokenTypes(): Tensor;
  /** One token of each row of h (B, T, C) → (B, C): the first, or the last under the mask. */
  pick(which: "first" | "last", h: Tensor): Tensor;
  /** A layer of the task's head: trained whole in every run, never adapted. x (…, K) → (…, out rounded up to a multiple of 4), padded with zeros. */
  head(name: string, x: Tensor, out: number, o?: { bias?: boolean }): Tensor;
  /** x + branch; x may be adapted. */
  residual(name: "residual_1" | "residual_2", x: Tensor, branch: Tensor): Tensor;
  /**
   * A hidden state of a block, as the block is to go on with it: its input, what its MLP's half begins with, its output. A shortcut may read it or come in
   * here. norm: the block's own, which HeteroLoRA's authors put behind a shortcut that comes in.
   */
  tap(place: "in" | "ffn_in" | "out", h: Tensor, norm?: (h: Tensor) => Tensor): Tensor;
}

export interface LinearShape {
  bias?: boolean;
  layout?: "out-in" | "in-out";
}

export interface AttentionShape {
  heads: number;
  kvHeads: number;
  headSize: number;
  /** (Tmax, D) of cosines and sines; none: no rotary embedding. */
  rope?: Tensor;
  /** Token t sees keys 0 … t only. True unless given. */
  causal?: boolean;
}

/** Sizes every architecture has, under the field's letters' names. */
export interface ModelConfig {
  vocabSize: number;
  hiddenSize: number;
  layers: number;
  maxPositions: number;
  /** Rows of the table of token types; 1 where not given: all tokens are of one type. */
  tokenTypes?: number;
}

export interface Model<C extends ModelConfig = ModelConfig> {
  readonly name: string;
  readonly paper: string;
  /** Values of config.json's `architectures` and `model_type` it takes. */
  readonly architectures: readonly string[];
  readonly modelType: string;
  /** Throws ConfigError naming the field. */
  parse(config: Record<string, unknown>): C;
  /** inputIds i32 (B, T) → hidden states (B, T, C), what a head reads. */
  forward(s: Scope, c: C, inputIds: Tensor): Tensor;
  /** The language-model head (V, C), maybe tied to the embedding; none: it cannot write. */
  head?(s: Scope, c: C): Tensor;
  /** None: it cannot be made a classifier here. */
  readonly classifier?: Classifier<C>;
  /** Name of the body inside the model with a head. A checkpoint of the body alone leaves it out of its names. */
  readonly body: string;
}

/** A head that gives each row one of several classes, or a value. */
export interface Classifier<C extends ModelConfig> {
  /** The module in Hugging Face's names, and of what class it is part. PEFT saves the module whole, beside the adapter. */
  readonly module: string;
  readonly architecture: string;
  /** h (B, T, C) of forward → logits (B, classes rounded up to a multiple of 4). */
  logits(s: Scope, c: C, h: Tensor, classes: number): Tensor;
}

/** config.json does not say what the model needs: which field, what it holds, what to do. */
export class ConfigError extends Error {
  override name = "ConfigError";
  constructor(
    readonly where: string,
    message: string,
    readonly hint: string,
  ) {
    super(`${where}: ${message}. ${hint}`);
  }
}
