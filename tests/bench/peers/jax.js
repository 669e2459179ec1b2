// jax.js — the reference step in jax-js, jit-compiled. Arrays are consumed by use; `.ref` keeps one.
import { blockUntilReady, defaultDevice, init, jit, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import { load, stage } from "./stage.js";

stage(async ({ backend }) => {
  const devices = await init();
  if (!devices.includes(backend)) throw new Error(`jax-js has no ${backend} here, only ${devices.join(", ")}`);
  defaultDevice(backend);
  const { shape, optimizer, scale, index, inputIds, targets, get } = await load();
  const { B, T, C, L, H, V } = shape;
  const [frozen, trained] = [{}, {}];
  for (const [name, { shape: s }] of Object.entries(index)) (/\.[AB]$/.test(name) ? trained : frozen)[name] = np.array(get(name)).reshape(s);
  frozen.ids = np.array(Int32Array.from(inputIds), { dtype: np.int32 });
  frozen.targets = np.array(targets).reshape([B * T, V]);

  /** Consumes both trees. */
  const lossOf = (P, W) => {
    const linear = (x, site) => {
      const low = np.dot(np.dot(x.ref, P[`${site}.A`].ref), P[`${site}.B`].ref).mul(scale);
      return np.dot(x, W[`${site}.w`].ref).add(low);
    };
    const layerNorm = (x, site) => {
      const centred = x.ref.sub(np.mean(x, 1, { keepdims: true }));
      const variance = np.mean(np.square(centred.ref), 1, { keepdims: true });
      return centred
        .div(np.sqrt(variance.add(1e-5)))
        .mul(W[`${site}.g`].ref)
        .add(W[`${site}.b`].ref);
    };
    let h = np
      .take(W.wte.ref, W.ids.ref, 0)
      .reshape([B, T, C])
      .add(W.wpe.ref)
      .reshape([B * T, C]);
    for (let l = 0; l < L; l++) {
      const x = layerNorm(h.ref, `${l}.ln1`);
      const [q, k, v] = ["q", "k", "v"].map((site) => linear(x.ref, `${l}.${site}`).reshape([B, T, H, C / H]));
      x.dispose();
      const mixed = nn.dotProductAttention(q, k, v, { isCausal: true }).reshape([B * T, C]);
      h = h.add(linear(mixed, `${l}.o`));
      const up = linear(layerNorm(h.ref, `${l}.ln2`), `${l}.up`);
      h = h.add(linear(nn.gelu(up, { approximate: true }), `${l}.down`));
    }
    const logits = np.dot(layerNorm(h, "lnf"), W.wte.ref.transpose());
    const loss = np.sum(nn.logSoftmax(logits, -1).mul(W.targets.ref)).mul(-1);
    tree.dispose(P);
    tree.dispose(W);
    return loss;
  };

  const { lr, beta1, beta2, eps, weightDecay } = optimizer;
  const update = jit((P, m, v, t, W) => {
    const [loss, gradients] = valueAndGrad(lossOf)(tree.ref(P), W);
    const bias1 = np.subtract(1, np.exp(t.ref.mul(Math.log(beta1))));
    const bias2 = np.subtract(1, np.exp(t.ref.mul(Math.log(beta2))));
    const next = { P: {}, m: {}, v: {} };
    for (const name of Object.keys(P)) {
      next.m[name] = m[name].mul(beta1).add(gradients[name].ref.mul(1 - beta1));
      next.v[name] = v[name].mul(beta2).add(np.square(gradients[name]).mul(1 - beta2));
      const direction = next.m[name].ref.div(bias1.ref).div(np.sqrt(next.v[name].ref.div(bias2.ref)).add(eps));
      next.P[name] = P[name].mul(1 - lr * weightDecay).sub(direction.mul(lr));
    }
    bias1.dispose();
    bias2.dispose();
    return { ...next, loss, t: t.add(1) };
  });

  const zeros = () => tree.map((x) => np.zeros(x.shape), trained);
  let state = { P: trained, m: zeros(), v: zeros(), t: np.array(1.0) };
  await blockUntilReady([trained, frozen]);
  return {
    async step() {
      const { loss, ...next } = update(state.P, state.m, state.v, state.t, tree.ref(frozen));
      state = next;
      await blockUntilReady([state.P, state.m, state.v]);
      return (await loss.data())[0];
    },
  };
});
