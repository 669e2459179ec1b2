// merge.ts — an adapter taken into the weights: W + s·B·A is what the adapter's own forward makes of the identity, bias-free and without dropout. Made
// block by block of the identity's rows, so that memory stays bounded, with one plan for all sites of one shape and rank.

import { type Memory, type Plan, whole } from "../engine/backend.ts";
import type { Leaf } from "../engine/graph.ts";
import { pad4, size } from "../engine/tensor.ts";
import { mergeGraph } from "./graphs.ts";
import { type Run, partName } from "./run.ts";

/** Rows of the identity at once. */
const ROWS = 256;

/** A plan and the memory it reads; whoever merges a site writes that site's numbers there. */
interface Press {
  plan: Plan;
  rows: number;
  made: ReadonlyMap<string, Memory>;
}

export class Merger {
  private readonly presses = new Map<string, Press>();

  constructor(private readonly run: Run) {}

  /** The weight (out, in) of a linear site as it answers now: W where the site is off or not adapted. Throws ConfigError for a shortcut. */
  async weight(name: string): Promise<Float32Array> {
    const { run } = this;
    const { sites, ranks, scales } = run.target;
    const index = sites.findIndex((s) => s.name === name);
    const [site, rank] = [sites[index], ranks.get(name)];
    const W = await run.weight(`${name}.weight`);
    if (!rank || run.off.has(name)) return W;
    const { plan, rows, made } = await this.press(index);
    const put = (leaf: string, data: Float32Array): void => run.backend.write(whole(made.get(leaf)!), data);
    put("weight", W);
    put("scales", Float32Array.of(scales[index], 0, 0, 0));
    for (const key of ["A", "B"]) put(key, await run.parameters.read(partName(name, key)));
    const merged = new Float32Array(W.length);
    const block = new Float32Array(rows * site.in);
    for (let from = 0; from < site.in; from += rows) {
      const some = Math.min(rows, site.in - from);
      block.fill(0);
      for (let i = 0; i < some; i++) block[i * site.in + from + i] = 1;
      put("rows", block);
      await run.backend.run(plan);
      const columns = await run.backend.read({ ...plan.captures.get("merged")!, elements: some * site.out });
      for (let i = 0; i < some; i++) for (let o = 0; o < site.out; o++) merged[o * site.in + from + i] = columns[i * site.out + o];
    }
    return merged;
  }

  private async press(index: number): Promise<Press> {
    const { backend, target } = this.run;
    const site = target.sites[index];
    const { r } = target.ranks.get(site.name)!;
    const key = `${site.out}×${site.in}, rank ${pad4(r)}`;
    const known = this.presses.get(key);
    if (known) return known;
    const rows = Math.min(ROWS, site.in);
    const graph = mergeGraph(target.subject.adaptation.adapter!, site, r, rows);
    const made = new Map([...graph.leaves.values()].map((l) => [placeOf(l), backend.memory(size(l.tensor.shape), `merge ${placeOf(l)}`)]));
    try {
      const plan = await backend.compile(`merge ${key}`, graph, (l) => whole(made.get(placeOf(l))!));
      const press = { plan, rows, made };
      this.presses.set(key, press);
      return press;
    } catch (e) {
      for (const memory of made.values()) memory.destroy();
      throw e;
    }
  }

  destroy(): void {
    for (const { plan, made } of this.presses.values()) {
      plan.destroy();
      for (const memory of made.values()) memory.destroy();
    }
    this.presses.clear();
  }
}

/** The same for every site: weight, A, B, rows, scales. */
const placeOf = ({ kind, name }: Leaf): string => (kind === "weight" ? kind : kind === "param" ? name.slice(name.lastIndexOf("_") + 1) : name);
