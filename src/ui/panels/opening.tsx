// opening.tsx — before the first run: what will happen when Train is pressed, with the numbers of this configuration.
import type { RunConfig } from "../../protocol.ts";
import { useParts, useStudio } from "../context.ts";
import { millions } from "../format.ts";
import { text } from "../strings.ts";

export function Opening() {
  const { store } = useParts();
  const { models, data, first } = useStudio((state) => state.catalogue);
  const config = useStudio((state) => state.config);
  const preflight = useStudio((state) => state.preflight);
  const model = models.find((entry) => entry.name === config.model.source)?.title ?? config.model.source;
  const task = data.find((entry) => entry.name === config.data.source)?.title ?? config.data.source;
  const sites = preflight?.sites.filter((site) => site.r > 0).length ?? 0;
  const trainable = millions(preflight?.trainable ?? 0);
  const { steps } = config.train;
  // The total counts the adapter; what is frozen does not.
  const frozen = millions((preflight?.total ?? 0) - (preflight?.trainable ?? 0));
  const total = millions(preflight?.total ?? 0);
  const lines = sites > 0 ? text.empty.steps(model, sites, trainable, frozen, steps, task) : text.empty.full(model, trainable, total, steps, task);
  const tries: [string, RunConfig][] = [
    [text.try.oneModule, { ...first, target_modules: ["v_proj"], rank_pattern: {}, alpha_pattern: {} }],
    [text.try.rankOne, { ...first, r: 1, lora_alpha: first.lora_alpha / first.r, rank_pattern: {}, alpha_pattern: {} }],
    [text.try.hot, { ...first, train: { ...first.train, learning_rate: Number((10 * first.train.learning_rate).toPrecision(3)) } }],
  ];
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
      <p className="tries">
        <span className="muted">{text.empty.tryTitle}</span>
        {tries.map(([title, next]) => (
          <button key={title} type="button" className="link" onClick={() => store.getState().replaceConfig(next)}>
            {title}
          </button>
        ))}
      </p>
    </div>
  );
}
