// ask.tsx — the visitor's own prompt, answered by the base and the tuned model.
import { useRef, useState } from "react";
import type { Answer as Answered, Problem } from "../../protocol.ts";
import { useParts, useStudio } from "../context.ts";
import { promptOf } from "../samples.ts";
import { text } from "../strings.ts";
import { useChanged } from "../use-changed.ts";
import { Answer } from "./answer.tsx";

interface Asked {
  /** null: not written yet; a prompt of the data stands there. */
  prompt: string | null;
  temperature: string;
  seed: string;
  tokens: string;
  /** What was trained counts, and how much of it. */
  on: boolean;
  strength: number;
}

/** `taken`: one of the fixed prompts, taken over; another object each time. */
export function Ask({ taken }: { taken: { prompt: string } | null }) {
  const { client } = useParts();
  const sample = useStudio((state) => state.run.samples.at(-1)?.prompt ?? promptOf(state.preview));
  const ready = useStudio((state) => state.run.plan !== null && state.lookedAt === null);
  const area = useRef<HTMLTextAreaElement>(null);
  const [asked, setAsked] = useState<Asked>({ prompt: null, temperature: "0", seed: "0", tokens: "32", on: true, strength: 1 });
  const [asking, setAsking] = useState(false);
  const [answer, setAnswer] = useState<(Answered & { strength: number }) | { problems: Problem[] } | null>(null);
  const full = useStudio((state) => state.run.plan !== null && state.run.plan.sites.every((site) => site.r === 0));
  useChanged(taken, () => {
    setAsked((now) => ({ ...now, ...taken }));
    area.current?.focus();
  });
  const prompt = asked.prompt ?? sample ?? "";

  const ask = async () => {
    setAsking(true);
    try {
      const { temperature, seed, tokens } = asked;
      const strength = asked.on ? asked.strength : 0;
      const said = await client.ask({ prompt, temperature: Number(temperature), seed: Number(seed), maxNewTokens: Number(tokens), topP: 1, strength });
      setAnswer({ ...said, strength });
    } catch (error) {
      setAnswer({ problems: [{ where: text.answers.prompt, what: String(error), hint: text.fault.workerHint, level: "error" }] });
    } finally {
      setAsking(false);
    }
  };
  const number = (key: "temperature" | "seed" | "tokens", title: string, min: number, max: number, step: number | "any") => (
    <label>
      {title}
      <input
        type="number"
        required
        min={min}
        max={max}
        step={step}
        value={asked[key]}
        onChange={(event) => setAsked({ ...asked, [key]: event.target.value })}
      />
    </label>
  );
  return (
    <form
      className="ask"
      onSubmit={(event) => {
        event.preventDefault();
        void ask();
      }}
    >
      <h3>{text.answers.askTitle}</h3>
      <textarea
        ref={area}
        rows={3}
        required
        aria-label={text.answers.prompt}
        placeholder={text.answers.placeholder}
        value={prompt}
        onChange={(event) => setAsked({ ...asked, prompt: event.target.value })}
      />
      <div className="ask-options">
        {number("temperature", text.answers.temperature, 0, 5, "any")}
        {number("seed", text.answers.seed, 0, 4294967295, 1)}
        {number("tokens", text.answers.length, 1, 256, 1)}
        <button className="quiet" disabled={asking || !ready}>
          {asking ? text.answers.asking : text.answers.ask}
        </button>
      </div>
      <div className="ask-strength">
        <label className="check">
          <input type="checkbox" checked={asked.on} onChange={(event) => setAsked({ ...asked, on: event.target.checked })} />{" "}
          {full ? text.answers.onFull : text.answers.on}
        </label>
        <label className="slider">
          {text.answers.strength}
          <input
            type="range"
            min={0}
            max={1.5}
            step={0.05}
            value={asked.strength}
            disabled={!asked.on}
            aria-valuetext={text.answers.times(asked.strength.toFixed(2))}
            onChange={(event) => setAsked({ ...asked, strength: Number(event.target.value) })}
          />
          <output className="muted number">{text.answers.times((asked.on ? asked.strength : 0).toFixed(2))}</output>
        </label>
        <span className="help">{text.answers.strengthHelp}</span>
      </div>
      {!ready && <p className="help">{text.answers.notYet}</p>}
      {answer && "problems" in answer && (
        <div role="alert">
          {answer.problems.map((problem) => (
            <p key={problem.what} className="help wrong">
              {problem.what} {problem.hint}
            </p>
          ))}
        </div>
      )}
      {answer && "base" in answer && (
        <dl className="versus" aria-live="polite">
          <Answer title={text.answers.base} answer={answer.base} />
          <Answer title={answer.strength === 1 ? text.answers.tuned : text.answers.tunedAt(answer.strength.toFixed(2))} answer={answer.tuned} strong />
        </dl>
      )}
    </form>
  );
}
