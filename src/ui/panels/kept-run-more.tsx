// kept-run-more.tsx — the rest of a kept run: its name, notes and tags; more steps; its states onto the device; copy, settings, export, deletion.
import { useId, useState } from "react";
import type { KeptRun } from "../../protocol.ts";
import { useParts } from "../context.ts";
import { text } from "../strings.ts";
import type { PageName } from "../url.ts";

const words = text.library;

interface Props {
  run: KeptRun;
  /** The session has something under way. */
  busy: boolean;
  /** All its steps are done. */
  ended: boolean;
  hasBest: boolean;
  go: (page: PageName) => void;
}

export function KeptRunMore({ run, busy, ended, hasBest, go }: Props) {
  const { store, library } = useParts();
  const { id, config, holder, problem } = run;
  const readOnly = holder === "elsewhere";
  const free = !busy && holder === null && !problem;
  const away = (work: Promise<void>): void => {
    void work;
    go("train");
  };
  const { openRun, replaceConfig } = store.getState();
  return (
    <div className="kept-more">
      {readOnly && <p className="help">{words.elsewhereHelp}</p>}
      <div className="kept-fields">
        <Written title={words.name} value={run.name} disabled={readOnly} onSave={(name) => library.getState().change(id, { name })} />
        <Written
          title={words.tags}
          help={words.tagsHelp}
          value={run.tags.join(", ")}
          disabled={readOnly}
          onSave={(tags) => library.getState().change(id, { tags: tags.split(",") })}
        />
        <Written title={words.notes} long value={run.notes} disabled={readOnly} onSave={(notes) => library.getState().change(id, { notes })} />
      </div>
      {ended && !problem && <Extend run={run} disabled={!free} go={go} />}
      <div className="buttons">
        {run.last && !problem && (
          <button type="button" className="quiet" disabled={!free} title={words.openHelp} onClick={() => away(openRun(run, "last"))}>
            {words.open.last}
          </button>
        )}
        {hasBest && !problem && run.best!.step !== run.last?.step && (
          <button type="button" className="quiet" disabled={!free} title={words.openHelp} onClick={() => away(openRun(run, "best"))}>
            {words.open.best(run.best!.step)}
          </button>
        )}
        {!problem && (
          <button
            type="button"
            className="quiet"
            onClick={() => {
              replaceConfig(config, text.undo.file(run.name));
              go("train");
            }}
          >
            {words.settings}
          </button>
        )}
        <button type="button" className="quiet" onClick={() => void library.getState().duplicate(id)}>
          {words.duplicate}
        </button>
        <button type="button" className="quiet" onClick={() => void library.getState().export([id])}>
          {words.export}
        </button>
        <button type="button" className="quiet danger" disabled={holder !== null} onClick={() => void library.getState().remove(id)}>
          {words.delete}
        </button>
      </div>
    </div>
  );
}

interface WrittenProps {
  title: string;
  help?: string;
  value: string;
  long?: boolean;
  disabled: boolean;
  onSave: (value: string) => void;
}

/** A text that is kept when one leaves it, or by Enter. */
function Written({ title, help, value, long, disabled, onSave }: WrittenProps) {
  const [written, setWritten] = useState<string | null>(null);
  const label = useId();
  const leave = () => {
    if (written !== null && written !== value) onSave(written);
    setWritten(null);
  };
  const shared = {
    "aria-labelledby": label,
    value: written ?? value,
    disabled,
    onChange: (event: React.ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) => setWritten(event.target.value),
    onBlur: leave,
  };
  return (
    <label className={long ? "written long" : "written"}>
      <span id={label}>
        {title} {help && <span className="muted small">({help})</span>}
      </span>
      {long ? (
        <textarea rows={2} maxLength={10_000} {...shared} />
      ) : (
        <input maxLength={title === words.name ? 100 : 800} onKeyDown={(event) => event.key === "Enter" && leave()} {...shared} />
      )}
    </label>
  );
}

/** A finished run goes on. */
function Extend({ run, disabled, go }: { run: KeptRun; disabled: boolean; go: (page: PageName) => void }) {
  const { store } = useParts();
  const most = store.getState().catalogue.fields["train.steps"]?.max ?? Infinity;
  const { steps, lr_scheduler_type } = run.config.train;
  const [written, setWritten] = useState(String(2 * steps));
  const to = Number(written);
  const valid = Number.isInteger(to) && to > run.step && to <= most;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!valid || disabled) return;
        void store.getState().continueRun(run, { steps: to });
        go("train");
      }}
    >
      <div className="inline">
        <button className="quiet" disabled={disabled || !valid}>
          {words.extend}
        </button>
        <label>
          {words.extendTo}
          <input inputMode="numeric" autoComplete="off" value={written} aria-invalid={!valid} onChange={(event) => setWritten(event.target.value)} />
        </label>
      </div>
      <p className="help">{words.extendHelp(lr_scheduler_type)}</p>
    </form>
  );
}
