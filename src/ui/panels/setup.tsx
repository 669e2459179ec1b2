// setup.tsx — the form at the left: a RunConfig, the few fields that matter first, the others one click away, and Train.
import { useParts, useStudio } from "../context.ts";
import { fieldPaths, getField, sameField, type FieldPath } from "../fields.ts";
import { active } from "../fold.ts";
import { percent } from "../format.ts";
import { blockers, unchecked } from "../store.ts";
import { text } from "../strings.ts";
import { AdapterIn } from "./adapter-in.tsx";
import { AllocationSection } from "./allocation.tsx";
import { CheckField, NumberField, SelectField } from "./field.tsx";
import { ModulesField } from "./modules.tsx";
import { NearestFit } from "./nearest-fit.tsx";
import { Presets } from "./presets.tsx";
import { ProblemText } from "./problem.tsx";
import { SettingsFile } from "./settings-file.tsx";
import { DataField, EvaluationField, ModelField } from "./source.tsx";
import { Tries } from "./tries.tsx";

/** Behind "more", in the order in which they act. */
const more: readonly FieldPath[] = [
  "lora_dropout",
  "train.gradient_accumulation_steps",
  "train.warmup_steps",
  "train.weight_decay",
  "train.max_grad_norm",
  "train.seed",
  "data.max_length",
  "data.eval_share",
  "data.split_seed",
  "train.eval_every",
  "train.eval_rows",
  "train.samples_every",
  "train.checkpoint_seconds",
];

export function Setup() {
  const { store } = useParts();
  const { methods, optimizers, schedulers, first } = useStudio((state) => state.catalogue);
  const changed = useStudio(({ config }) => fieldPaths(first).some((path) => !sameField(getField(config, path), getField(first, path))));
  const full = useStudio((state) => state.config.method === "full");
  const allocated = useStudio((state) => state.config.allocation !== null);
  const busy = useStudio((state) => active(state.run));
  const ended = useStudio((state) => state.run.state !== "idle" && !active(state.run));
  return (
    <section className="setup" id="setup" aria-label={text.sections.setup}>
      <div className="panel-head">
        <h2>{text.sections.setup}</h2>
        {changed && (
          <button type="button" className="link" onClick={() => store.getState().replaceConfig(first, text.undo.all)}>
            {text.setup.resetAll}
          </button>
        )}
      </div>
      <SettingsFile />
      {busy && <p className="help">{text.setup.locked}</p>}
      <Presets />
      <ModelField />
      <DataField />
      <AdapterIn />
      <SelectField path="method" entries={methods} peek />
      {!full && (
        <>
          <NumberField path="r" />
          <NumberField path="lora_alpha" />
        </>
      )}
      <ModulesField />
      {(!full || allocated) && <AllocationSection />}
      <NumberField path="train.steps" />
      <NumberField path="train.batch_size" />
      <NumberField path="train.learning_rate" />
      <details className="more">
        <summary>{text.setup.more}</summary>
        <SelectField path="train.lr_scheduler_type" entries={schedulers} />
        <SelectField path="train.optimizer" entries={optimizers} />

        {more
          .filter((path) => !full || path !== "lora_dropout")
          .map((path) => (
            <NumberField key={path} path={path} />
          ))}
        <NumberField path="data.limit" nullable />
        <CheckField path="train.gradient_checkpointing" />
        <CheckField path="train.group_by_length" />
        <SelectField path="model.task" />
        <EvaluationField />
        <SelectField path="backend" />
      </details>
      {ended && <Tries title={text.empty.tryNext} />}
      <TrainButton />
    </section>
  );
}

function TrainButton() {
  const { store } = useParts();
  const preflight = useStudio((state) => state.preflight);
  const invalid = useStudio((state) => state.invalid);
  const state = useStudio((studio) => studio.run.state);
  const busy = useStudio((studio) => active(studio.run));
  const problems = blockers({ preflight, invalid });
  const label = { idle: text.setup.train, loading: text.setup.ready, running: text.setup.training, paused: text.setup.paused };
  const benchmarking = useStudio((studio) => studio.benchmark.state === "running");
  const reading = useStudio((studio) => studio.reading);
  const scoring = useStudio((studio) => studio.scoring.state === "running");
  const comparing = useStudio((studio) => studio.comparing);
  const unknown = useStudio(unchecked);
  const train = () => {
    void store.getState().train();
    // On a narrow page the run lies below the form; it is there once the store has said that it began.
    if (innerWidth < 900) requestAnimationFrame(() => document.getElementById("run")?.scrollIntoView({ block: "start" }));
  };
  return (
    <div className="start">
      {problems.length > 0 && (
        <div className="missing" id="missing">
          <p>{text.setup.missing}</p>
          <ul>
            {problems.map((problem) => (
              <li key={problem.where + problem.what}>
                <ProblemText problem={problem} brief={preflight?.suggestion !== undefined} />
              </li>
            ))}
          </ul>
          <NearestFit />
        </div>
      )}
      {reading && <p className="help">{text.setup.reading(reading.phase, percent(reading.done / (reading.total || 1)))}</p>}
      {scoring && <p className="help">{text.scoring}</p>}
      {benchmarking && <p className="help">{text.setup.benchmarking}</p>}
      {comparing && <p className="help">{text.setup.comparing}</p>}
      <button
        type="button"
        className="primary"
        data-testid="train"
        disabled={busy || benchmarking || comparing || scoring || unknown || problems.length > 0}
        aria-describedby={problems.length > 0 ? "missing" : undefined}
        onClick={train}
      >
        {!busy && !unknown && <span aria-hidden="true">▶ </span>}
        {unknown ? text.setup.checking : state in label ? label[state as keyof typeof label] : text.setup.again}
      </button>
    </div>
  );
}
