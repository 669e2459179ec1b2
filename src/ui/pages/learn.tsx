// learn.tsx — the lesson "Where should the rank go?": text for students beside experiments on the model that is set up.
import { useParts, useStudio } from "../context.ts";
import { BudgetPart } from "../learn/budget.tsx";
import { compared, ProxyPart } from "../learn/proxy.tsx";
import { useExperiment, useLessonConfig } from "../learn/scored.ts";
import { ZeroPart } from "../learn/zero.tsx";
import { Faults } from "../panels/faults.tsx";
import { text } from "../strings.ts";

export function LearnPage({ go }: { go: (page: "train") => void }) {
  const { store } = useParts();
  const config = useLessonConfig();
  const full = useStudio((state) => state.config.method) !== "lora";
  const scored = useExperiment(compared, "auto");
  const title = (kind: "models" | "data", source: string) => store.getState().catalogue[kind].find(({ name }) => name === source)?.title ?? source;
  return (
    <main className="text-page learn-page">
      <h1>{text.learn.title}</h1>
      <p className="muted">
        {text.learn.intro(title("models", config.model.source), title("data", config.data.source))} {full && text.learn.full}
      </p>
      <Faults />
      <ProxyPart experiment={scored} />
      <ZeroPart />
      <BudgetPart experiment={scored} go={() => go("train")} />
    </main>
  );
}
