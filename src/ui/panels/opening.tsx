// opening.tsx — before the first run: what will happen when Train is pressed, with the numbers of this configuration.
import { useStudio } from "../context.ts";
import { millions } from "../format.ts";
import { text } from "../strings.ts";
import { Tries } from "./tries.tsx";

export function Opening() {
  const { models, data } = useStudio((state) => state.catalogue);
  const config = useStudio((state) => state.config);
  const preflight = useStudio((state) => state.preflight);
  const model = models.find((entry) => entry.name === config.model.source)?.title ?? config.model.source;
  const task = data.find((entry) => entry.name === config.data.source)?.title ?? config.data.source;
  const adapted = preflight?.sites.filter((site) => site.r > 0) ?? [];
  const cuts = adapted.filter((site) => site.kind).length;
  const sites = adapted.length - cuts;
  const trainable = millions(preflight?.trainable ?? 0);
  const { steps } = config.train;
  // The total counts the adapter; what is frozen does not.
  const frozen = millions((preflight?.total ?? 0) - (preflight?.trainable ?? 0));
  const total = millions(preflight?.total ?? 0);
  const lines =
    adapted.length > 0 ? text.empty.steps(model, sites, cuts, trainable, frozen, steps, task) : text.empty.full(model, trainable, total, steps, task);
  return (
    <div className="opening">
      <p className="lead">{text.empty.intro}</p>
      {preflight && preflight.total > 0 && (
        <ol>
          {lines.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ol>
      )}
      <Tries title={text.empty.tryTitle} />
    </div>
  );
}
