// tfjs.js — the reference step in TensorFlow.js.
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import "@tensorflow/tfjs-backend-cpu";
import { setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import "@tensorflow/tfjs-backend-webgpu";
import { load, stage } from "./stage.js";

stage(async ({ backend, threads }) => {
  setWasmPaths(new URL("/tfjs-wasm/", self.location.origin).href);
  setThreadsCount(threads);
  if (!(await tf.setBackend(backend))) throw new Error(`tfjs has no ${backend} here`);
  await tf.ready();
  const { shape, optimizer, scale, index, inputIds, targets, get } = await load();
  const { B, T, C, L, H, V } = shape;
  const W = {};
  const trained = [];
  for (const [name, { shape: s }] of Object.entries(index)) {
    W[name] = /\.[AB]$/.test(name) ? tf.variable(tf.tensor(get(name), s), true, name) : tf.tensor(get(name), s);
    if (W[name] instanceof tf.Variable) trained.push(W[name]);
  }
  const ids = tf.tensor1d(inputIds, "int32");
  const targetMatrix = tf.tensor2d(targets, [B * T, V]);
  const causal = tf.tensor(
    Float32Array.from({ length: T * T }, (_, i) => (i % T > Math.floor(i / T) ? -1e9 : 0)),
    [1, 1, T, T],
  );

  const linear = (x, site) => x.matMul(W[`${site}.w`]).add(x.matMul(W[`${site}.A`]).matMul(W[`${site}.B`]).mul(scale));
  const layerNorm = (x, site) => {
    const centred = x.sub(x.mean(1, true));
    const variance = centred.square().mean(1, true);
    return centred.mul(variance.add(1e-5).rsqrt()).mul(W[`${site}.g`]).add(W[`${site}.b`]);
  };
  const gelu = (x) =>
    x.mul(0.5).mul(
      x
        .add(x.mul(x).mul(x).mul(0.044715))
        .mul(Math.sqrt(2 / Math.PI))
        .tanh()
        .add(1),
    );
  const lossOf = () => {
    let h = tf
      .gather(W.wte, ids)
      .reshape([B, T, C])
      .add(W.wpe)
      .reshape([B * T, C]);
    for (let l = 0; l < L; l++) {
      const x = layerNorm(h, `${l}.ln1`);
      const [q, k, v] = ["q", "k", "v"].map((site) =>
        linear(x, `${l}.${site}`)
          .reshape([B, T, H, C / H])
          .transpose([0, 2, 1, 3]),
      );
      const weights = tf.softmax(
        tf
          .matMul(q, k, false, true)
          .mul(1 / Math.sqrt(C / H))
          .add(causal),
      );
      const mixed = tf
        .matMul(weights, v)
        .transpose([0, 2, 1, 3])
        .reshape([B * T, C]);
      h = h.add(linear(mixed, `${l}.o`));
      h = h.add(linear(gelu(linear(layerNorm(h, `${l}.ln2`), `${l}.up`)), `${l}.down`));
    }
    const logits = tf.matMul(layerNorm(h, "lnf"), W.wte, false, true);
    return tf.logSoftmax(logits).mul(targetMatrix).sum().neg();
  };

  const { lr, beta1, beta2, eps, weightDecay } = optimizer;
  const adam = tf.train.adam(lr, beta1, beta2, eps);
  return {
    async step() {
      const { value, grads } = tf.variableGrads(lossOf, trained);
      tf.tidy(() => trained.forEach((v) => v.assign(v.mul(1 - lr * weightDecay)))); // AdamW's decay, which tfjs lacks
      adam.applyGradients(grads);
      Object.values(grads).forEach((g) => g.dispose());
      const [loss] = await value.data();
      value.dispose();
      await trained.at(-1).data(); // the update is done
      return loss;
    },
  };
});
