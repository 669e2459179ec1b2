// allocation.tsx — where the rank goes, decided by scores: which score, which allocator, what it may cost, when; and the
// scores of the modules before any training, whose allocation the map shows while the budget moves.
import { useEffect, useState } from "react";
import { amountOf, budgetOf, inUnit, rangeOf, unitOf, type BudgetUnit } from "../budget.ts";
import { useParts, useStudio } from "../context.ts";
import { getField, type FieldPath } from "../fields.ts";
import { unchecked, working } from "../store.ts";
import { bytes, count, duration, percent, short } from "../format.ts";
import { decidedBy, scoresOf } from "../scoring.ts";
import { Segments } from "../segments.tsx";
import { text } from "../strings.ts";
import { handRanks } from "../with-rank.ts";
import { Field, NumberField, SelectField } from "./field.tsx";
import { ScoringProgress } from "./proxy-choice.tsx";

const units = (["share", "modules", "parameters"] as const).map((value) => ({ value, title: text.allocation.budget[value] }));

export function AllocationSection() {
  const { store } = useParts();
  const { proxies, allocators, schedules, allocation: usual } = useStudio((state) => state.catalogue);
  const on = useStudio((state) => state.config.allocation !== null);
  const dynamic = useStudio((state) => state.config.allocation?.when === "dynamic");
  const by = useStudio((state) => decidedBy(state.catalogue, state.config));
  const cuts = useStudio((state) => (state.config.allocation?.shortcuts ?? "off") !== "off");
  const toggle = (checked: boolean) => store.getState().edit("allocation", checked ? { ...usual } : null);
  return (
    <>
      <Field path="allocation" title={text.allocation.title} help={text.allocation.help} inline>
        {(id, describedBy) => (
          <input
            id={id}
            type="checkbox"
            data-testid="allocation"
            checked={on}
            aria-describedby={describedBy}
            onChange={(event) => toggle(event.target.checked)}
          />
        )}
      </Field>
      {on && (
        <div className="allocation" role="group" aria-label={text.allocation.title}>
          {by === "scores" && <SelectField path="allocation.proxy" entries={proxies} peek />}
          <SelectField path="allocation.allocator" entries={allocators} peek={by !== "scores"} />
          {by === "hand" && <RanksByHand />}
          <BudgetField />
          <SelectField path="allocation.when" entries={schedules} />
          {dynamic && <NumberField path="allocation.realloc_N" />}
          {by === "scores" && <NumberField path="allocation.batches" />}
          <SelectField path="allocation.shortcuts" />
          {cuts && (
            <>
              <NumberField path="allocation.shortcut_r" />
              <NumberField path="allocation.shortcut_alpha" />
              <SelectField path="allocation.shortcut_form" />
            </>
          )}
          <details className="more">
            <summary>{text.allocation.more}</summary>
            {by === "scores" && <SelectField path="allocation.B" />}
            {by !== "hand" && (
              <>
                <NumberField path="allocation.min_rank" />
                <NumberField path="allocation.max_rank" nullable />
                <NumberField path="allocation.rank_step" />
              </>
            )}
            <ListField path="allocation.locked" />
            <ListField path="allocation.excluded" />
            {by === "scores" && <NumberField path="allocation.first_epochs_random" />}
            {dynamic && <NumberField path="allocation.stop_after" />}
          </details>
          {by === "scores" && <Score />}
          <Notes />
        </div>
      )}
    </>
  );
}

/** The ranks of an allocation by hand are set on the map; here is how many, and whether the budget pays for them. */
function RanksByHand() {
  const { store } = useParts();
  const allocation = useStudio((state) => state.config.allocation!);
  const sites = useStudio((state) => state.sites);
  const given = useStudio((state) => state.allocated?.ranks);
  const asked = handRanks(allocation, sites);
  const cut = given?.length === asked.length ? asked.filter((r, i) => Math.min(r, sites[i].in, sites[i].out) > given[i]).length : 0;
  const all = asked.reduce((sum, r, i) => sum + r * (sites[i].in + sites[i].out), 0);
  return (
    <Field path="allocation.ranks" peek help={text.allocation.byHand(Object.keys(allocation.ranks).length)}>
      {() =>
        cut > 0 && (
          <p className="notice" data-testid="cut">
            {text.allocation.cut(cut)}{" "}
            <button type="button" className="link" onClick={() => store.getState().edit("allocation.budget", { parameters: all })}>
              {text.allocation.all}
            </button>
          </p>
        )
      }
    </Field>
  );
}

function BudgetField() {
  const { store } = useParts();
  const budget = useStudio((state) => state.config.allocation?.budget);
  const sites = useStudio((state) => state.sites);
  if (!budget) return null;
  const unit = unitOf(budget);
  const range = rangeOf(unit, sites);
  const amount = amountOf(budget);
  const edit = (next: typeof budget) => store.getState().edit("allocation.budget", { ...next });
  return (
    <Field path="allocation.budget">
      {(id, describedBy) => (
        <>
          <span className="budget">
            <input
              id={id}
              type="range"
              data-testid="budget"
              {...range}
              disabled={!range}
              value={amount}
              aria-describedby={describedBy}
              aria-valuetext={unit === "share" ? percent(amount) : `${count(amount)} ${unit}`}
              onChange={(event) => edit(budgetOf(unit, Number(event.target.value)))}
            />
            <output className="number">{unit === "share" ? percent(amount) : count(amount)}</output>
          </span>
          <Segments label={text.allocation.budgetUnit} options={units} value={unit} onChange={(to: BudgetUnit) => edit(inUnit(budget, to, sites))} />
        </>
      )}
    </Field>
  );
}

/** Names separated by commas. */
function ListField({ path }: { path: FieldPath }) {
  const { store } = useParts();
  const value = useStudio((state) => getField(state.config, path)) as readonly string[] | undefined;
  const written = (value ?? []).join(", ");
  const [typed, setTyped] = useState(written);
  const names = (words: string) => words.split(",").map((word) => word.trim()).filter(Boolean); // prettier-ignore
  useEffect(() => {
    // "q_proj, " is on its way to a second name.
    setTyped((now) => (names(now).join(", ") === written ? now : written));
  }, [written]);
  return (
    <Field path={path}>
      {(id, describedBy) => (
        <input
          id={id}
          type="text"
          spellCheck={false}
          autoComplete="off"
          placeholder={text.allocation.names}
          value={typed}
          aria-describedby={describedBy}
          onChange={(event) => {
            setTyped(event.target.value);
            store.getState().edit(path, names(event.target.value));
          }}
        />
      )}
    </Field>
  );
}

function Score() {
  const { store } = useParts();
  const scoring = useStudio((state) => state.scoring);
  const proxy = useStudio((state) => state.config.allocation?.proxy);
  const there = useStudio((state) => scoresOf(state.scoring, state.config) !== null);
  const cost = useStudio((state) => state.preflight?.scoring);
  const busy = useStudio((state) => working(state) || unchecked(state) || state.preflight?.memory === null);
  const { score } = store.getState();
  return (
    <div className="scoring" data-testid="scoring">
      {cost && (
        <p className="help">
          {text.allocation.cost(count(Math.ceil(cost.passes)), short(cost.flops / 1e9), bytes(cost.bytes))}
          {cost.seconds !== null && `, ${duration(cost.seconds)}`}.
        </p>
      )}
      {scoring.state === "running" && scoring.asked.length === 1 ? (
        <ScoringProgress />
      ) : (
        <button type="button" className="quiet" data-testid="score" disabled={busy} onClick={() => void score()}>
          {there ? text.allocation.again : text.allocation.score}
        </button>
      )}
      {scoring.state === "done" && !there && <p className="help">{text.allocation.stale}</p>}
      {there && scoring.notes[proxy!] && <p className="help">{scoring.notes[proxy!]}</p>}
    </div>
  );
}

/** What is worth knowing of the allocation that the map shows. */
function Notes() {
  const notes = useStudio((state) => state.allocated?.notes);
  return notes?.map((note) => (
    <p key={note} className="help">
      {note}
    </p>
  ));
}
