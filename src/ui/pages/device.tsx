// device.tsx — what this machine offers and what it means for training here: backends, limits, features, a benchmark.
import { useParts, useStudio } from "../context.ts";
import { bytes, count } from "../format.ts";
import { BenchmarkPanel } from "../panels/benchmark.tsx";
import { Fact } from "../panels/fact.tsx";
import { Faults } from "../panels/faults.tsx";
import { Isolation } from "../panels/isolation.tsx";
import { text } from "../strings.ts";

const words = text.devicePage;
const feature: Readonly<Record<string, string>> = words.feature;

/** What each limit that the session reports means, with its value in words. */
const limits: readonly [name: string, show: (n: number) => string, means: (n: number) => string][] = [
  ["maxStorageBufferBindingSize", bytes, (n) => words.limit.maxStorageBufferBindingSize(count(Math.floor(n / 4)))],
  ["maxBufferSize", bytes, () => words.limit.maxBufferSize],
  ["maxStorageBuffersPerShaderStage", count, () => words.limit.maxStorageBuffersPerShaderStage],
  ["maxComputeWorkgroupStorageSize", bytes, () => words.limit.maxComputeWorkgroupStorageSize],
  ["maxComputeInvocationsPerWorkgroup", count, () => words.limit.maxComputeInvocationsPerWorkgroup],
];

export function DevicePage() {
  const device = useStudio((state) => state.device);
  return (
    <main className="text-page">
      <h1>{words.title}</h1>
      <p className="muted">{words.intro}</p>
      <Faults />
      <Machine />
      <BenchmarkPanel />
      <section aria-labelledby="limits-title">
        <h2 id="limits-title">{words.limits}</h2>
        {device && Object.keys(device.limits).length === 0 && <p className="muted">{words.noLimits}</p>}
        <dl className="meanings">
          {limits.map(([name, show, means]) => {
            const value = device?.limits[name];
            return value === undefined ? null : <Meaning key={name} title={name} value={show(value)} means={means(value)} />;
          })}
        </dl>
      </section>
      <section aria-labelledby="features-title">
        <h2 id="features-title">{words.features}</h2>
        <dl className="meanings">
          {Object.entries(feature).map(([name, means]) => (
            <Meaning key={name} title={name} value={device?.features.includes(name) ? words.yes : words.no} means={means} />
          ))}
        </dl>
        {device && <OtherFeatures features={device.features.filter((name) => !(name in feature))} />}
      </section>
    </main>
  );
}

/** The backends of the catalogue, which of them are there, and which one the configuration will use. */
function Machine() {
  const { store } = useParts();
  const device = useStudio((state) => state.device);
  const preflight = useStudio((state) => state.preflight);
  const choices = useStudio((state) => state.catalogue.fields.backend?.choices) ?? [];
  const wanted = useStudio((state) => state.config.backend);
  if (!device) return <p className="muted">{text.device.looking}</p>;
  const threads = crossOriginIsolated ? navigator.hardwareConcurrency : 1;
  const means: Readonly<Record<string, string>> = {
    webgpu: device.software ? words.backends.software : words.backends.webgpu,
    wasm: words.backends.wasm(threads) + (crossOriginIsolated ? "" : ` ${words.backends.oneThread}`),
    reference: words.backends.reference,
  };
  const used = preflight?.backend;
  return (
    <section aria-labelledby="machine-title">
      <h2 id="machine-title">{words.machine}</h2>
      <dl className="facts wide">
        <Fact title={words.adapter}>{device.adapter || text.device.none}</Fact>
        {used && <Fact title={words.chosen}>{`${text.backends[used.name] ?? used.name} · ${used.why}`}</Fact>}
        <Fact title={words.room}>
          {device.room === undefined ? words.roomUnknown : words.roomFor(bytes(device.room), bytes(preflight?.memory?.total ?? 0))}
        </Fact>
        <Fact title={words.cores}>{words.threads(navigator.hardwareConcurrency)}</Fact>
      </dl>
      {device.hint && <p className="notice">{device.hint}</p>}
      <Isolation />
      <div className="backends" role="radiogroup" aria-labelledby="machine-title">
        {choices.map((name) => {
          const there = name !== "webgpu" || device.webgpu;
          return (
            <label key={name} className={there ? "backend" : "backend absent"}>
              <input
                type="radio"
                name="backend"
                checked={wanted === name}
                disabled={!there && wanted !== name}
                onChange={() => store.getState().edit("backend", name)}
              />
              <span>
                <strong>{text.backends[name] ?? name}</strong> {name !== "auto" && !there && <span className="muted">({words.no})</span>}
                <span className="help">{name === "auto" ? words.backends.auto : means[name]}</span>
              </span>
            </label>
          );
        })}
      </div>
    </section>
  );
}

function Meaning({ title, value, means }: { title: string; value: string; means: string }) {
  return (
    <div>
      <dt>
        <code>{title}</code>
      </dt>
      <dd className="number">{value}</dd>
      <dd className="muted">{means}</dd>
    </div>
  );
}

function OtherFeatures({ features }: { features: readonly string[] }) {
  if (features.length === 0) return null;
  return (
    <details className="more">
      <summary>{words.others(features.length)}</summary>
      <p className="help">{features.toSorted().join(", ")}</p>
    </details>
  );
}
