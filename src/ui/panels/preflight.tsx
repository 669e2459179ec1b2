// preflight.tsx — before the start: the adapter and its limits, the memory of this configuration in parts, what may
// learn, how long it will take, and what stands in the way.
import type { MemoryEstimate } from "../../protocol.ts";
import { viridis } from "../charts/scale.ts";
import { useStudio } from "../context.ts";
import { bytes, count, duration, short } from "../format.ts";
import { text } from "../strings.ts";

const parts = ["weights", "trainables", "gradients", "moments", "activations", "staging"] as const satisfies (keyof MemoryEstimate)[];

/** Of the many features of a browser, those that change how fast it trains or what can be measured. */
const telling = ["shader-f16", "subgroups", "timestamp-query"];

export function PreflightPanel() {
  const preflight = useStudio((state) => state.preflight);
  const device = useStudio((state) => state.device);
  const checking = useStudio((state) => state.checking);
  const features = device?.features.filter((feature) => telling.includes(feature)) ?? [];
  return (
    <section className="preflight" id="preflight" aria-labelledby="preflight-title" data-testid="preflight" aria-busy={checking}>
      <div className="panel-head">
        <h2 id="preflight-title">{text.sections.preflight}</h2>
      </div>
      {device?.hint && <p className="notice">{device.hint}</p>}
      {!preflight && <p className="muted">{text.preflight.checking}</p>}
      {preflight && (
        <>
          {preflight.problems.map((problem) => (
            <p key={problem.where + problem.what} className={`notice ${problem.level}`}>
              <strong>{problem.where}</strong> {problem.what} {problem.hint}
            </p>
          ))}
          <dl className="facts">
            <Fact title={text.preflight.trainable}>{text.preflight.of(count(preflight.trainable), count(preflight.total))}</Fact>
            <Fact title={text.preflight.time}>{preflight.seconds === null ? text.preflight.timeUnknown : duration(preflight.seconds)}</Fact>
            <Fact title={text.preflight.flops}>{`${short(preflight.flopsPerStep / 1e9)} GFLOP`}</Fact>
            {preflight.memory && <Fact title={text.preflight.memory}>{bytes(preflight.memory.total)}</Fact>}
          </dl>
          {preflight.memory && <Memory memory={preflight.memory} />}
        </>
      )}
      {device && (
        <dl className="facts">
          <Fact title={text.preflight.adapter}>{device.adapter || text.device.none}</Fact>
          <Limit title={text.preflight.binding} bytes={device.limits.maxStorageBufferBindingSize} />
          <Limit title={text.preflight.buffer} bytes={device.limits.maxBufferSize} />
          {device.limits.maxStorageBuffersPerShaderStage !== undefined && (
            <Fact title={text.preflight.storage}>{device.limits.maxStorageBuffersPerShaderStage}</Fact>
          )}
          {features.length > 0 && <Fact title={text.preflight.features}>{features.join(", ")}</Fact>}
        </dl>
      )}
    </section>
  );
}

function Fact({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Limit({ title, bytes: limit }: { title: string; bytes?: number }) {
  return limit === undefined ? null : <Fact title={title}>{bytes(limit)}</Fact>;
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
