// arm.tsx — one arm of a comparison: its name, what it differs in, how many numbers it trains, and what can be done with it.
import { useState } from "react";
import type { Arm, ArmSize } from "../../protocol.ts";
import { useCompared, useParts } from "../context.ts";
import { count } from "../format.ts";
import { text } from "../strings.ts";
import { useDescribed } from "./described.ts";
import { fixed } from "./store.ts";

const words = text.comparison;

interface ArmRowProps {
  arm: Arm;
  at: number;
  baseline: boolean;
  opened: boolean;
  /** Shows the settings of the arm at a place; null: of none. */
  open: (at: number | null) => void;
  go: () => void;
}

export function ArmRow({ arm, at, baseline, opened, open, go }: ArmRowProps) {
  const { compared } = useParts();
  const disabled = useCompared(fixed);
  const arms = useCompared((state) => state.draft!.arms);
  const size = useCompared((state) => state.check?.sizes[arm.name]);
  const against = useCompared((state) => state.check?.sizes[state.draft!.arms.find((a) => !a.reference)?.name ?? ""]);
  const described = useDescribed(arm.config);
  const { changeArm, edit, takeArm, showArm } = compared.getState();
  const up = () => {
    edit({ arms: arms.map((one, i) => (i === at - 1 ? arm : i === at ? arms[at - 1] : one)) });
    open(at - 1);
  };
  const remove = () => {
    edit({ arms: arms.filter((_, i) => i !== at) });
    open(null);
  };
  const show = async () => {
    if (await showArm(arm.name)) go();
  };
  return (
    <li className="arm" data-testid="arm">
      <div className="arm-line">
        <div className="arm-words">
          <p>
            <b>{arm.name}</b>
            {baseline && <span className="tag">{words.baseline}</span>}
            {arm.reference && <span className="tag">{words.reference}</span>}
          </p>
          <p className="muted small">{described.join(" · ") || words.same}</p>
        </div>
        <Size size={size} against={against} reference={arm.reference} />
        <button type="button" className="quiet" aria-expanded={opened} aria-label={words.settingsOf(arm.name)} onClick={() => open(opened ? null : at)}>
          {words.settings}
        </button>
      </div>
      {opened && (
        <fieldset className="plain arm-more" disabled={disabled}>
          <label>
            <span>{words.nameOfArm}</span>
            <input type="text" value={arm.name} maxLength={60} onChange={(event) => changeArm(at, { name: event.target.value })} />
          </label>
          <Fields arm={arm} change={(config) => changeArm(at, { config })} />
          <label className="check" title={words.referenceHelp}>
            <input type="checkbox" checked={arm.reference} onChange={(event) => changeArm(at, { reference: event.target.checked })} />
            {words.reference}
            <span className="help">{words.referenceHelp}</span>
          </label>
          <div className="buttons">
            <button type="button" className="quiet" onClick={() => void show()}>
              {words.show}
            </button>
            <button type="button" className="quiet" title={words.takeHelp} onClick={() => void takeArm(at)}>
              {words.take}
            </button>
            {at > 0 && (
              <button type="button" className="quiet" aria-label={words.up(arm.name)} onClick={up}>
                ↑
              </button>
            )}
            {arms.length > 1 && (
              <button type="button" className="quiet danger" aria-label={words.remove(arm.name)} onClick={remove}>
                ×
              </button>
            )}
          </div>
        </fieldset>
      )}
    </li>
  );
}

function Size({ size, against, reference }: { size: ArmSize | undefined; against: ArmSize | undefined; reference: boolean }) {
  if (!size || size.most === 0) return <p className="arm-size muted">{size ? "–" : "…"}</p>;
  const { least, most } = size;
  const apart = !reference && against !== undefined && (most < 0.99 * against.least || least > 1.01 * against.most);
  return (
    <p className={apart ? "arm-size wrong" : "arm-size"} title={apart ? words.unequal : undefined}>
      {least === most ? words.size(count(most)) : words.sizes(count(least), count(most))}
      {apart && <span className="help wrong">{words.unequal}</span>}
    </p>
  );
}

/** What differs, to be written by hand: every field there is, as in a configuration's file. */
function Fields({ arm, change }: { arm: Arm; change: (config: Arm["config"]) => void }) {
  const [typed, setTyped] = useState<string | null>(null);
  const read = (value: string): Arm["config"] | null => {
    try {
      const json: unknown = JSON.parse(value);
      return typeof json === "object" && json !== null && !Array.isArray(json) ? (json as Arm["config"]) : null;
    } catch {
      return null;
    }
  };
  const wrong = typed !== null && read(typed) === null;
  return (
    <label>
      <span>{words.json}</span>
      <textarea
        rows={4}
        spellCheck={false}
        value={typed ?? JSON.stringify(arm.config, null, 1)}
        aria-invalid={wrong}
        onBlur={() => !wrong && setTyped(null)}
        onChange={(event) => {
          setTyped(event.target.value);
          const config = read(event.target.value);
          if (config) change(config);
        }}
      />
      {wrong && <span className="help wrong">{words.jsonWrong}</span>}
    </label>
  );
}
