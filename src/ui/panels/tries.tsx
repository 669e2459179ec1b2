// tries.tsx — questions to try next, each a configuration: the first run with one thing changed.
import type { RunConfig } from "../../protocol.ts";
import { useParts, useStudio } from "../context.ts";
import { text } from "../strings.ts";

export function Tries({ title }: { title: string }) {
  const { store } = useParts();
  const first = useStudio((state) => state.catalogue.first);
  const backend = useStudio((state) => state.config.backend);
  const tries: [string, RunConfig][] = [
    [text.try.oneModule, { ...first, backend, target_modules: ["v_proj"] }],
    [text.try.rankOne, { ...first, backend, r: 1, lora_alpha: first.lora_alpha / first.r }],
    [text.try.hot, { ...first, backend, train: { ...first.train, learning_rate: Number((10 * first.train.learning_rate).toPrecision(3)) } }],
  ];
  return (
    <p className="tries">
      <span className="muted">{title}</span>
      {tries.map(([question, config]) => (
        <button key={question} type="button" className="link" onClick={() => store.getState().replaceConfig(config, question)}>
          {question}
        </button>
      ))}
    </p>
  );
}
