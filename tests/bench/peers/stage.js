// stage.js — what every contestant's worker shares: the data, the clock, and the messages { id, call, args } → { id, result | error }.

/** The reference step's data, its values by name, and the targets as a matrix (B·T, V) with 1 / count at each counted target. */
export async function load() {
  const at = (name) => fetch(new URL(`/data/${name}`, self.location.origin)).then((r) => (r.ok ? r : Promise.reject(new Error(`${name}: HTTP ${r.status}`))));
  const data = await (await at("data.json")).json();
  const values = new Float32Array(await (await at("values.bin")).arrayBuffer());
  const size = (shape) => shape.reduce((a, b) => a * b, 1);
  const get = (name) => values.slice(data.index[name].offset, data.index[name].offset + size(data.index[name].shape));
  const counted = data.targets.filter((t) => t >= 0).length;
  const targets = new Float32Array(data.targets.length * data.shape.V);
  data.targets.forEach((t, i) => {
    if (t >= 0) targets[i * data.shape.V + t] = 1 / counted;
  });
  return { ...data, get, targets };
}

/**
 * start(options) → { step, info }: `step()` does one optimizer step and resolves with the loss before it, when all is done; `info()` is told at the end.
 */
export function stage(start) {
  let contestant;
  const calls = {
    start: async (options) => {
      contestant = await start(options);
      return { isolated: self.crossOriginIsolated };
    },
    steps: async (count) => {
      const [ms, losses] = [[], []];
      for (let i = 0; i < count; i++) {
        const began = performance.now();
        losses.push(await contestant.step());
        ms.push(performance.now() - began);
      }
      return { ms, losses };
    },
    info: async () => (await contestant.info?.()) ?? {},
  };
  self.onmessage = async ({ data: { id, call, args } }) => {
    try {
      self.postMessage({ id, result: await calls[call](...args) });
    } catch (e) {
      self.postMessage({ id, error: String(e?.stack ?? e).slice(0, 2000) });
    }
  };
}
