// design.tsx — what is compared: what all arms share, each arm and how many numbers it trains, the seeds, the rows to test on.
import { useState } from "react";
import type { Overrides } from "../../protocol.ts";
import { useCompared, useParts, useStudio } from "../context.ts";
import { ProblemText } from "../panels/problem.tsx";
import { text } from "../strings.ts";
import { ArmRow } from "./arm.tsx";
import { useDescribed } from "./described.ts";
import { fixed } from "./store.ts";

const words = text.comparison;

export function Design({ go }: { go: () => void }) {
  const { compared } = useParts();
  const draft = useCompared((state) => state.draft)!;
  const id = useCompared((state) => state.id);
  const [opened, setOpened] = useState<number | null>(null);
  const disabled = useCompared(fixed);
  const said = useCompared((state) => state.said);
  const problems = useCompared((state) => state.check?.problems) ?? [];
  return (
    <section className="comparison-design" aria-labelledby="comparison-arms">
      <h2 id="comparison-arms">{words.design}</h2>
      <Base base={draft.base} />
      {said.map((one) => (
        <p key={one} className="notice" role="status">
          {one}
        </p>
      ))}
      <Hidden />
      <ol className="arms">
        {draft.arms.map((arm, at) => (
          // Arms have no other lasting mark than their place: the name is being typed.
          <ArmRow
            key={`${id} ${at}`}
            arm={arm}
            at={at}
            baseline={draft.arms.findIndex((a) => !a.reference) === at}
            opened={opened === at}
            open={setOpened}
            go={go}
          />
        ))}
      </ol>
      <p className="help">{words.equal}</p>
      <fieldset className="plain" disabled={disabled}>
        <Adding />
        <div className="comparison-fields">
          <Seeds seeds={draft.seeds} change={(seeds) => compared.getState().edit({ seeds })} />
          <label>
            <span>{words.test}</span>
            <input
              type="text"
              value={draft.test ?? ""}
              placeholder="file:test.tsv"
              aria-describedby="comparison-test-help"
              onChange={(event) => compared.getState().edit({ test: event.target.value || null })}
              onBlur={() => draft.test !== null && draft.test !== draft.test.trim() && compared.getState().edit({ test: draft.test.trim() || null })}
            />
            <span className="help" id="comparison-test-help">
              {words.testHelp}
            </span>
          </label>
        </div>
      </fieldset>
      {problems.length > 0 && (
        <ul className="missing" role="alert">
          {problems.map((problem) => (
            <li key={problem.where + problem.what}>
              <ProblemText problem={problem} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** Results that edits have put out of the comparison, and the way back to them. */
function Hidden() {
  const { compared } = useParts();
  const before = useCompared((state) => state.before);
  const finished = useCompared((state) => state.summary?.finished ?? 0);
  if (!before) return null;
  return (
    <p className="notice inline" role="status">
      {words.hidden(before.finished - finished)}
      <button type="button" className="link" onClick={() => compared.getState().undo()}>
        {words.undo}
      </button>
    </p>
  );
}

function Base({ base }: { base: Overrides }) {
  const { compared } = useParts();
  const disabled = useCompared(fixed);
  const first = useStudio((state) => state.catalogue.first);
  const { model = {}, data = {}, ...rest } = base as { model?: { source?: string; task?: string }; data?: { source?: string } };
  const described = useDescribed({ ...rest, backend: undefined, data: { ...data, source: undefined } });
  const source = (given: { source?: string }, usual: string) => (given.source ?? usual).replace(/^(bundled|file|hub):/, "");
  const shown = [source(model, first.model.source), source(data, first.data.source), ...described];
  return (
    <div className="comparison-base">
      <p>
        <b>{words.base}</b> <span className="muted">{shown.join(" · ")}</span>
      </p>
      <p className="help">{words.baseHelp}</p>
      <button type="button" className="link" title={words.useBaseHelp} disabled={disabled} onClick={() => void compared.getState().takeBase()}>
        {words.useBase}
      </button>
    </div>
  );
}

/** Presets that are not there yet, and the settings of the Train page. */
function Adding() {
  const { compared } = useParts();
  const presets = useCompared((state) => state.presets);
  const arms = useCompared((state) => state.draft!.arms);
  const { edit, takeArm } = compared.getState();
  const left = presets.filter((preset) => arms.every((arm) => arm.name !== preset.name));
  return (
    <div className="adding">
      <span>{words.add}</span>
      {left.map(({ name, config, reference, help }) => (
        <button key={name} type="button" className="quiet" title={help} onClick={() => edit({ arms: [...arms, { name, config, reference }] })}>
          {name}
        </button>
      ))}
      <button type="button" className="quiet" title={words.takeHelp} onClick={() => void takeArm(null)}>
        {words.addOwn}
      </button>
    </div>
  );
}

/** What is typed stays as it is typed; what reads as seeds is taken. */
function Seeds({ seeds, change }: { seeds: readonly number[]; change: (seeds: number[]) => void }) {
  const [typed, setTyped] = useState<string | null>(null);
  const read = (value: string): number[] | null => {
    const parts = value.split(/[\s,;]+/).filter(Boolean);
    const all = parts.map(Number);
    return all.length > 0 && all.every((n) => Number.isInteger(n) && n >= 0) && new Set(all).size === all.length ? all : null;
  };
  const wrong = typed !== null && read(typed) === null;
  return (
    <div>
      <label>
        <span>{words.seeds}</span>
        <input
          type="text"
          inputMode="numeric"
          value={typed ?? seeds.join(", ")}
          aria-invalid={wrong}
          aria-describedby="comparison-seeds-help"
          data-testid="comparison-seeds"
          onBlur={() => setTyped(null)}
          onChange={(event) => {
            setTyped(event.target.value);
            const all = read(event.target.value);
            if (all) change(all);
          }}
        />
      </label>
      <span className={wrong ? "help wrong" : "help"} id="comparison-seeds-help">
        {seeds.length < 5 && !wrong ? words.fewSeeds : words.seedsHelp}
      </span>
      <button type="button" className="link" data-testid="one-more-seed" onClick={() => change([...seeds, Math.max(...seeds) + 1])}>
        {words.oneMore}
      </button>
    </div>
  );
}
