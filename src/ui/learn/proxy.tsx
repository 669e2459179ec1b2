// proxy.tsx — the lesson's first part: two proxies score the untrained model, and how far they agree.
import { adapted } from "../agreement.ts";
import { rankOrder } from "../charts/allocations.ts";
import { sum } from "../charts/rank-views.ts";
import { useStudio } from "../context.ts";
import { percent, short } from "../format.ts";
import { correlation } from "../../statistics/rank-correlation.ts";
import { text } from "../strings.ts";
import { ExperimentButton } from "./experiment.tsx";
import type { Experiment } from "./scored.ts";
import { SmallMap } from "./small-map.tsx";

const words = text.learn.proxy;
/** The scores that the first part compares; the first of them is what the budget goes by. */
export const compared = ["grad-norm", "snip"] as const;

export function ProxyPart({ experiment }: { experiment: Experiment }) {
  const { proxies } = useStudio((state) => state.catalogue);
  const { scores: found } = experiment;
  const sites = found?.sites ?? [];
  const there = adapted(sites);
  const of = (proxy: string) => (found?.scores[proxy] ?? []).filter((_, i) => there[i]);
  const rho = found && correlation(of(compared[0]), of(compared[1]));
  const best = found && sites[found.scores[compared[0]].indexOf(Math.max(...of(compared[0])))];
  const sorted = of(compared[0]).sort((a, b) => b - a);
  return (
    <section aria-labelledby="lesson-proxy">
      <h2 id="lesson-proxy">{words.title}</h2>
      {words.text.map((paragraph) => (
        <p key={paragraph}>{paragraph}</p>
      ))}
      <ExperimentButton experiment={experiment} id="proxy" />
      {found && (
        <div data-testid="lesson-proxy-result">
          <div className="figures">
            {compared.map((proxy) => (
              <SmallMap
                key={proxy}
                title={words.map(proxies.find(({ name }) => name === proxy)?.title ?? proxy)}
                sites={sites}
                view="score"
                measured={{ scores: found.scores[proxy], order: rankOrder(found.scores[proxy], there) }}
              />
            ))}
          </div>
          <p>
            {words.agree(
              rho === null ? "–" : short(rho),
              rho !== null && rho > 0.8 ? words.words.same : rho !== null && rho > 0.4 ? words.words.some : words.words.none,
            )}
          </p>
          {best && <p>{words.best(place(best.layer, best.module), percent(sum(sorted.slice(0, Math.floor(sorted.length / 4))) / (sum(sorted) || 1)))}</p>}
          {found.notes[compared[1]] && <p className="help">{found.notes[compared[1]]}</p>}
          <p>{words.caution}</p>
        </div>
      )}
    </section>
  );
}

const place = (layer: number, module: string): string => (layer < 0 ? module : `${module} of layer ${layer}`);
