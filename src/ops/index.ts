// The registry of ops, by name. What is listed here is held to the standing tests (tests/ops/standing.test.ts).

import { absOp } from "./abs.ts";
import { activationBackwardOp, activationOp } from "./activation.ts";
import { adamwOp } from "./adamw.ts";
import { addOp } from "./add.ts";
import { attentionBackwardOp } from "./attention.backward.ts";
import { attentionCachedOp, cacheAppendOp } from "./attention-cached.ts";
import { attentionOp } from "./attention.ts";
import { gradNormsOp } from "./clip.ts";
import { columnSumOp } from "./column-sum.ts";
import { columnsOp, concatOp } from "./concat.ts";
import { crossEntropyOp } from "./cross-entropy.ts";
import { dropoutOp } from "./dropout.ts";
import { mulOp, scaleByOp } from "./elementwise.ts";
import { embeddingBackwardOp, embeddingOp } from "./embedding.ts";
import { fillOp } from "./fill.ts";
import { labelLossOp } from "./label-loss.ts";
import { fisherOp } from "./fisher.ts";
import { layerNormBackwardOp, layerNormBackwardWeightOp, layerNormOp } from "./layer-norm.ts";
import { linearOp } from "./linear.ts";
import { lowRankNormOp } from "./low-rank-norm.ts";
import { lowRankOp } from "./low-rank.ts";
import { matmulOp } from "./matmul.ts";
import { pickTokenBackwardOp, pickTokenOp } from "./pick-token.ts";
import { positionsOp } from "./positions.ts";
import { broadcastOp, sumOp } from "./reduce.ts";
import { rescaleOp } from "./rescale.ts";
import { reshapeOp } from "./reshape.ts";
import { rmsNormBackwardOp, rmsNormBackwardWeightOp, rmsNormOp } from "./rms-norm.ts";
import { ropeOp } from "./rope.ts";
import { segmentSumsOp } from "./segment-sums.ts";
import { swigluBackwardOp, swigluOp } from "./swiglu.ts";

export const ops = {
  abs: absOp,
  activation: activationOp,
  "activation.backward": activationBackwardOp,
  adamw: adamwOp,
  add: addOp,
  attention: attentionOp,
  "attention.backward": attentionBackwardOp,
  attentionCached: attentionCachedOp,
  broadcast: broadcastOp,
  cacheAppend: cacheAppendOp,
  columnSum: columnSumOp,
  columns: columnsOp,
  concat: concatOp,
  crossEntropy: crossEntropyOp,
  dropout: dropoutOp,
  embedding: embeddingOp,
  "embedding.backward": embeddingBackwardOp,
  fill: fillOp,
  fisher: fisherOp,
  gradNorms: gradNormsOp,
  labelLoss: labelLossOp,
  layerNorm: layerNormOp,
  "layerNorm.backward": layerNormBackwardOp,
  "layerNorm.backward.weight": layerNormBackwardWeightOp,
  linear: linearOp,
  lowRank: lowRankOp,
  lowRankNorm: lowRankNormOp,
  matmul: matmulOp,
  mul: mulOp,
  pickToken: pickTokenOp,
  "pickToken.backward": pickTokenBackwardOp,
  positions: positionsOp,
  rescale: rescaleOp,
  reshape: reshapeOp,
  rmsNorm: rmsNormOp,
  "rmsNorm.backward": rmsNormBackwardOp,
  "rmsNorm.backward.weight": rmsNormBackwardWeightOp,
  rope: ropeOp,
  scaleBy: scaleByOp,
  segmentSums: segmentSumsOp,
  sum: sumOp,
  swiglu: swigluOp,
  "swiglu.backward": swigluBackwardOp,
};
