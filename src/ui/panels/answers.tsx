// answers.tsx — the fixed prompts, base beside tuned, at any step they were asked; and the visitor's own prompt.
import { useState } from "react";
import { useStudio } from "../context.ts";
import { predicted } from "../metric.ts";
import { answersOf, isRight, type PromptAnswers } from "../samples.ts";
import { text } from "../strings.ts";
import { useChanged } from "../use-changed.ts";
import { Ask } from "./ask.tsx";
import { Answer } from "./answer.tsx";

export function Answers() {
  const samples = useStudio((state) => state.run.samples);
  const id = useStudio((state) => state.run.kept?.id);
  // A value is near or far, not right or wrong.
  const judges = useStudio((state) => predicted(state.run.evaluations) !== "values");
  const [at, setAt] = useState<number | null>(null);
  const [taken, setTaken] = useState<{ prompt: string } | null>(null);
  const prompts = answersOf(samples);
  const steps = [...new Set(samples.filter((sample) => sample.which === "tuned").map((sample) => sample.step))].sort((a, b) => a - b);
  // A step of one run is no step of the next.
  useChanged(id, () => setAt(null));
  const look = (step: number) => setAt(step === steps.at(-1) ? null : step);
  const step = at !== null && steps.includes(at) ? at : (steps.at(-1) ?? 0);
  const judged = prompts.filter((one) => judges && one.expected !== undefined && one.tuned.has(step));
  const right = judged.filter((one) => isRight(one.tuned.get(step)!, one.expected)).length;
  return (
    <section className="answers" id="answers" aria-labelledby="answers-title">
      <div className="panel-head">
        <h2 id="answers-title">{text.sections.answers}</h2>
        {judged.length > 0 && <span className="muted">{text.answers.score(right, judged.length)}</span>}
      </div>
      <div data-testid="samples">
        {prompts.length === 0 && <p className="waiting">{text.empty.answers}</p>}
        {steps.length > 1 && (
          <label className="slider history">
            <span className="unseen">{text.answers.history}</span>
            <input
              type="range"
              min={0}
              max={steps.length - 1}
              value={steps.indexOf(step)}
              aria-valuetext={text.answers.atStep(step)}
              onChange={(event) => look(steps[Number(event.target.value)])}
            />
            <output className="muted number">{text.answers.atStep(step)}</output>
          </label>
        )}
        {prompts.map((one) => (
          <PromptCard key={one.prompt} answers={one} judges={judges} step={step} steps={steps} onStep={look} onTake={() => setTaken({ prompt: one.prompt })} />
        ))}
      </div>
      <Ask taken={taken} />
    </section>
  );
}

interface CardProps {
  answers: PromptAnswers;
  judges: boolean;
  step: number;
  steps: readonly number[];
  onStep: (step: number) => void;
  onTake: () => void;
}

function PromptCard({ answers: { prompt, expected, base, tuned }, judges, step, steps, onStep, onTake }: CardProps) {
  const toMatch = judges ? expected : undefined;
  return (
    <article className="prompt">
      <p className="prompt-text">
        {prompt.trim()}{" "}
        <button type="button" className="link" onClick={onTake}>
          {text.answers.take}
        </button>
      </p>
      <dl className="versus">
        <Answer title={text.answers.base} answer={base} expected={toMatch} />
        <Answer title={text.answers.tuned} answer={tuned.get(step)} expected={toMatch} strong />
      </dl>
      <p className="prompt-foot">
        {expected !== undefined && (
          <span className="muted">
            {text.answers.expected} <b>{expected.trim()}</b>
          </span>
        )}
        {toMatch !== undefined && steps.length > 1 && (
          <span className="dots">
            {steps.map((at) => {
              const answer = tuned.get(at);
              const right = answer !== undefined && isRight(answer, toMatch);
              const title = `${text.answers.atStep(at)}: ${answer?.trim() ?? text.answers.pending} (${right ? text.answers.right : text.answers.wrong})`;
              return (
                <button
                  key={at}
                  type="button"
                  className={right ? "is-right" : ""}
                  aria-current={at === step}
                  aria-label={title}
                  title={title}
                  onClick={() => onStep(at)}
                />
              );
            })}
          </span>
        )}
      </p>
    </article>
  );
}
