// zero.tsx — the lesson's second part: the same score with B as it begins, which is 0, and with a random B.
import { useState } from "react";
import { adapted } from "../agreement.ts";
import { rankOrder } from "../charts/allocations.ts";
import { useStudio } from "../context.ts";
import { Segments } from "../segments.tsx";
import { text } from "../strings.ts";
import { ExperimentButton } from "./experiment.tsx";
import { useExperiment } from "./scored.ts";
import { SmallMap } from "./small-map.tsx";

const words = text.learn.zero;
const shownProxies = ["snip", "fisher", "grasp", "grad-norm"] as const;

export function ZeroPart() {
  const { proxies } = useStudio((state) => state.catalogue);
  const [proxy, setProxy] = useState<(typeof shownProxies)[number]>("snip");
  const asIs = useExperiment(shownProxies, "as-is");
  const random = useExperiment(shownProxies, "random");
  const both = {
    ...(asIs.running ? asIs : random),
    scores: random.scores,
    problems: [...asIs.problems, ...random.problems],
    async run() {
      return (await asIs.run()) && random.run();
    },
  };
  const values = asIs.scores?.scores[proxy];
  return (
    <section aria-labelledby="lesson-zero">
      <h2 id="lesson-zero">{words.title}</h2>
      {words.text.map((paragraph) => (
        <p key={paragraph}>{paragraph}</p>
      ))}
      <ExperimentButton experiment={both} id="zero" />
      {asIs.scores && random.scores && values && (
        <div data-testid="lesson-zero-result">
          <Segments
            label={words.which}
            options={shownProxies.map((value) => ({ value, title: proxies.find(({ name }) => name === value)?.title ?? value }))}
            value={proxy}
            onChange={setProxy}
          />
          <div className="figures">
            {[asIs.scores, random.scores].map(({ sites, scores }, i) => (
              <SmallMap
                key={i === 0 ? "as-is" : "random"}
                title={i === 0 ? words.asIs : words.random}
                sites={sites}
                view="score"
                measured={{ scores: scores[proxy], order: rankOrder(scores[proxy], adapted(sites)) }}
              />
            ))}
          </div>
          <p data-testid="lesson-zero-said">
            {values.every((value) => value === 0) ? words.vanished : values.every((value) => value <= 0) ? words.reversed : words.holds}
          </p>
          <p>{words.remedy}</p>
        </div>
      )}
    </section>
  );
}
