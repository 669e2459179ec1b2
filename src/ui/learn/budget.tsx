// budget.tsx — the lesson's third part: a budget over the scores of the first one, the places it keeps, and the way to train with it.
import { useEffect, useMemo, useState } from "react";
import type { Allocated, RunConfig } from "../../protocol.ts";
import { rangeOf } from "../budget.ts";
import { sum } from "../charts/rank-views.ts";
import { useParts, useStudio } from "../context.ts";
import { rankedAs } from "../fold.ts";
import { count, percent, short } from "../format.ts";
import { text } from "../strings.ts";
import { compared } from "./proxy.tsx";
import { useLessonConfig, type Experiment } from "./scored.ts";
import { SmallMap } from "./small-map.tsx";

const words = text.learn.budget;

export function BudgetPart({ experiment: { scores: found }, go }: { experiment: Experiment; go: () => void }) {
  const { client, store } = useParts();
  const setup = useLessonConfig();
  const usual = useStudio((state) => state.catalogue.allocation);
  const [share, setShare] = useState(0.25);
  const [allocated, setAllocated] = useState<Allocated | null>(null);
  const proxy = compared[0];
  const scores = found?.scores[proxy];
  const config = useMemo(
    (): RunConfig => ({ ...setup, allocation: { ...usual, proxy, allocator: "top-k", when: "static", budget: { share } } }),
    [setup, usual, proxy, share],
  );
  useEffect(() => {
    if (!scores) return;
    let here = true;
    client.allocate(config, [...scores]).then(
      (answer) => {
        if (!here) return;
        if ("ranks" in answer) setAllocated(answer);
        else answer.problems.forEach(store.getState().fail);
      },
      (error: unknown) => store.getState().fail({ what: error instanceof Error ? error.message : String(error), where: text.pages.learn }),
    );
    return () => {
      here = false;
    };
  }, [client, store, scores, config]);
  if (!found || !scores)
    return (
      <section aria-labelledby="lesson-budget">
        <h2 id="lesson-budget">{words.title}</h2>
        <p>{words.text[0]}</p>
        <p className="muted">{words.first}</p>
      </section>
    );
  const adapted = found.sites.filter((site) => site.parameters > 0);
  const next = allocated && allocated.ranks.length === found.sites.length ? rankedAs(found.sites, allocated.ranks) : found.sites;
  const on = next.filter((site) => site.r > 0);
  const kept = sum(scores.filter((_, i) => next[i].r > 0)) / (sum(scores) || 1);
  const trained = sum(on.map((site) => site.parameters));
  const even = trained / sum(adapted.map((site) => site.in + site.out));
  const open = (to: RunConfig) => {
    store.getState().replaceConfig(to, text.undo.budget);
    go();
  };
  const flat = Math.max(1, Math.round(even));
  return (
    <section aria-labelledby="lesson-budget">
      <h2 id="lesson-budget">{words.title}</h2>
      <p>{words.text[0]}</p>
      <label className="budget lesson-budget">
        <span>{words.slider}</span>
        <input
          type="range"
          data-testid="lesson-share"
          {...rangeOf("share", found.sites)}
          value={share}
          aria-valuetext={percent(share)}
          onChange={(event) => setShare(Number(event.target.value))}
        />
        <output className="number">{percent(share)}</output>
      </label>
      <div className="figures one">
        <SmallMap title={words.map} sites={next} view="rank" />
      </div>
      <p data-testid="lesson-budget-said">
        {words.buys(on.length, adapted.length, count(trained), percent(kept))} {words.uniform(short(even))}
      </p>
      <p className="experiment">
        <button type="button" className="quiet" data-testid="lesson-train" onClick={() => open(config)}>
          {words.train}
        </button>
        <button type="button" className="quiet" onClick={() => open(evenly(setup, flat))}>
          {words.even(flat)}
        </button>
        <span className="muted">{words.goes}</span>
      </p>
      <p>{words.honest}</p>
    </section>
  );
}

/** Rank r at every module that the setup adapts, with its scale. */
const evenly = (setup: RunConfig, r: number): RunConfig => ({
  ...setup,
  allocation: null,
  r,
  lora_alpha: (setup.lora_alpha / setup.r) * r,
  rank_pattern: {},
  alpha_pattern: {},
});
