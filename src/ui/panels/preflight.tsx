// preflight.tsx — before the start: where it will compute and why, the memory of this configuration in parts, what may
// learn, how long it will take, what stands in the way and the nearest way around it.
import type { MemoryEstimate } from "../../protocol.ts";
import { viridis } from "../charts/scale.ts";
import { useStudio } from "../context.ts";
import { bytes, count, duration, short } from "../format.ts";
import { text } from "../strings.ts";
import { Fact } from "./fact.tsx";
import { NearestFit } from "./nearest-fit.tsx";
import { ProblemText } from "./problem.tsx";

const parts = ["weights", "trainables", "gradients", "moments", "activations", "staging"] as const satisfies (keyof MemoryEstimate)[];

export function PreflightPanel() {
  const preflight = useStudio((state) => state.preflight);
  const device = useStudio((state) => state.device);
  const checking = useStudio((state) => state.checking);
  return (
    <section className="preflight" id="preflight" aria-labelledby="preflight-title" data-testid="preflight" aria-busy={checking}>
      <div className="panel-head">
        <h2 id="preflight-title">{text.sections.preflight}</h2>
      </div>
      {!preflight && <p className="muted">{text.preflight.checking}</p>}
      {preflight && (
        <>
          {preflight.problems.map((problem) => (
            <p key={problem.where + problem.what} className={`notice ${problem.level}`}>
              <ProblemText problem={problem} />
            </p>
          ))}
          <NearestFit />
          <dl className="facts">
            <Fact title={text.preflight.backend}>{`${text.backends[preflight.backend.name] ?? preflight.backend.name} · ${preflight.backend.why}`}</Fact>
            <Fact title={text.preflight.trainable}>{text.preflight.of(count(preflight.trainable), count(preflight.total))}</Fact>
            <Fact title={text.preflight.time}>{preflight.seconds === null ? text.preflight.timeUnknown : duration(preflight.seconds)}</Fact>
            <Fact title={text.preflight.flops}>{`${short(preflight.flopsPerStep / 1e9)} GFLOP`}</Fact>
            {preflight.memory && <Fact title={text.preflight.memory}>{bytes(preflight.memory.total)}</Fact>}
          </dl>
          {preflight.memory && <Memory memory={preflight.memory} />}
        </>
      )}
      {device?.hint && !preflight?.problems.some((problem) => problem.hint === device.hint) && <p className="help">{device.hint}</p>}
    </section>
  );
}

/** One bar, one line per part. */
function Memory({ memory }: { memory: MemoryEstimate }) {
  const shown = parts.filter((part) => memory[part] > 0);
  const colour = (part: (typeof parts)[number]) => viridis(0.12 + (0.8 * parts.indexOf(part)) / (parts.length - 1)).fill;
  return (
    <>
      <div className="stack" aria-hidden="true">
        {shown.map((part) => (
          <i key={part} style={{ flexGrow: memory[part], background: colour(part) }} />
        ))}
      </div>
      <ul className="stack-legend">
        {shown.map((part) => (
          <li key={part}>
            <i style={{ background: colour(part) }} />
            {text.preflight.parts[part]}
            <span className="number">{bytes(memory[part])}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
