// proxy-choice.tsx — which scores to compare, what that costs, and the button; while it goes on, how far it is.
import { useEffect, useState } from "react";
import type { ScoringCost } from "../../protocol.ts";
import { useParts, useStudio } from "../context.ts";
import { working } from "../store.ts";
import { bytes, count, duration, short } from "../format.ts";
import { scoredAs } from "../scoring.ts";
import { text } from "../strings.ts";

const words = text.proxies;
/** A score that takes more than this many times the passes of the first one is not chosen unless asked for. */
const dear = 4;

/** By name, of all proxies and figures; null: not known yet, or the configuration cannot be scored. */
function useCosts(): Readonly<Record<string, ScoringCost>> | null {
  const { client, store } = useParts();
  const key = useStudio((state) => scoredAs(state.config));
  const there = useStudio((state) => state.preflight !== null && state.preflight.memory !== null);
  const [costs, setCosts] = useState<Readonly<Record<string, ScoringCost>> | null>(null);
  useEffect(() => {
    if (!there) return;
    let here = true;
    const { config, catalogue, fail } = store.getState();
    const names = [...catalogue.proxies, ...catalogue.figures].map(({ name }) => name);
    client.scoringCost(config, names).then(
      (answer) => here && setCosts("costs" in answer ? answer.costs : null),
      (error: unknown) => fail({ what: String(error), where: words.title }),
    );
    return () => {
      here = false;
    };
  }, [client, store, key, there]);
  return costs;
}

export function ProxyChoice() {
  const { store } = useParts();
  const { proxies, figures } = useStudio((state) => state.catalogue);
  const busy = useStudio(working);
  const costs = useCosts();
  const [picked, setPicked] = useState<Readonly<Record<string, boolean>>>({});
  const all = [...proxies, ...figures];
  const chosen = all.filter(({ name }) => picked[name] ?? (costs !== null && costs[name].passes <= dear * costs[all[0].name].passes)).map(({ name }) => name);
  const sum = (of: (cost: ScoringCost) => number): number => chosen.reduce((n, name) => n + of(costs![name]), 0);
  const seconds = costs && chosen.every((name) => costs[name].seconds !== null) ? sum((cost) => cost.seconds!) : null;
  return (
    <div className="proxy-choice" id="proxy-choice">
      <fieldset>
        <legend className="unseen">{words.which}</legend>
        {all.map(({ name, title, help }) => (
          <label key={name} className="check" title={help}>
            <input type="checkbox" checked={chosen.includes(name)} onChange={(event) => setPicked({ ...picked, [name]: event.target.checked })} />
            <span>
              {title}{" "}
              <span className="muted small">
                {costs && (costs[name].passes > 0 ? words.passes(count(Math.ceil(costs[name].passes))) : words.free)}
                {figures.some((figure) => figure.name === name) && `, ${words.figure}`}
              </span>
            </span>
          </label>
        ))}
      </fieldset>
      {costs && chosen.length > 0 && (
        <p className="help" data-testid="proxies-cost">
          {words.cost(
            chosen.length,
            count(Math.ceil(sum(({ passes }) => passes))),
            short(sum(({ flops }) => flops) / 1e9),
            bytes(Math.max(...chosen.map((name) => costs[name].bytes))),
          )}
          {seconds !== null && `, ${duration(seconds)}`}.
        </p>
      )}
      <button
        type="button"
        className="quiet"
        data-testid="score-all"
        disabled={busy || chosen.length === 0}
        onClick={() => void store.getState().score(chosen)}
      >
        {words.score}
      </button>
    </div>
  );
}

/** Of a scoring that goes on, by one score or several. */
export function ScoringProgress() {
  const { store } = useParts();
  const { asked, proxy, done, total } = useStudio((state) => state.scoring);
  const title = useStudio(({ catalogue }) => [...catalogue.proxies, ...catalogue.figures].find(({ name }) => name === proxy)?.title ?? proxy);
  const place = asked.indexOf(proxy);
  return (
    <div className="scoring">
      <p className="help">
        {total === 0
          ? text.allocation.scoring(0, 0)
          : asked.length === 1
            ? text.allocation.scoring(done, total)
            : words.progress(title, done, total, place + 1, asked.length)}
      </p>
      <progress aria-label={text.scoring} value={total > 0 ? place + done / total : undefined} max={asked.length} />
      <button type="button" className="quiet" data-testid="cancel-score" onClick={() => void store.getState().stop()}>
        {text.allocation.cancel}
      </button>
    </div>
  );
}
