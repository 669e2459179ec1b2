// agreement-table.tsx — how far scores agree, two by two: numbers on a scale from orange (reverse) over nothing to blue (the same).
import { useRef } from "react";
import { agreement, agreementCsv, type Measure, type Scored } from "../agreement.ts";
import { percent } from "../format.ts";
import { minus } from "../../statistics/measure-words.ts";
import { chanceCorrelation } from "../../statistics/top-overlap.ts";
import { Segments } from "../segments.tsx";
import { text } from "../strings.ts";
import { SaveChart } from "./save-chart.tsx";
import { diverging } from "./scale.ts";

const words = text.proxies;
const measures = (["correlation", "overlap"] as const).map((value) => ({ value, title: words.measures[value] }));
const shown: Record<Measure, (value: number) => string> = { correlation: (value) => minus(value.toFixed(2)), overlap: percent };

interface Props {
  proxies: readonly Scored[];
  there: readonly boolean[];
  k: number;
  measure: Measure;
  onMeasure: (measure: Measure) => void;
}

export function AgreementTable({ proxies, there, k, measure, onMeasure }: Props) {
  const drawn = useRef<HTMLDivElement>(null);
  const table = agreement(measure, proxies, there, k);
  const n = there.filter(Boolean).length;
  const says = (row: number, column: number): string => {
    const value = table[row][column];
    return words.pair(proxies[row].title, proxies[column].title, value === null ? words.noOrder : shown[measure](value));
  };
  return (
    <div className="agreement" data-testid="agreement">
      <div className="chart-foot">
        <Segments label={words.measure} options={measures} value={measure} onChange={onMeasure} />
        <span className="grow" />
        <SaveChart of={drawn} what="agreement" csv={() => agreementCsv(proxies, table)} />
      </div>
      <p className="help" id="agreement-says">
        {measure === "correlation" ? words.caption.correlation : words.caption.overlap(k)}
      </p>
      <div ref={drawn} className="scroll-x" tabIndex={0} role="region" aria-label={words.measures[measure]}>
        <table aria-labelledby="agreement-says">
          <thead>
            <tr>
              <td />
              {proxies.map(({ name, title }, column) => (
                <th key={name} scope="col" title={title} aria-label={title}>
                  {column + 1}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {proxies.map(({ name, title }, row) => (
              <tr key={name}>
                <th scope="row">
                  <span className="muted" aria-hidden="true">
                    {row + 1}
                  </span>{" "}
                  {title}
                </th>
                {table[row].map((value, column) => {
                  const colour = value === null ? undefined : diverging(value);
                  return (
                    <td
                      key={proxies[column].name}
                      title={row === column ? undefined : says(row, column)}
                      style={colour && { background: colour.fill, color: colour.ink }}
                    >
                      {row === column ? "" : value === null ? "–" : shown[measure](value)}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="help">
        {measure === "correlation" ? words.chance.correlation(n, chanceCorrelation(n).toFixed(2)) : words.chance.overlap(k, n, percent(k / n))}
      </p>
    </div>
  );
}
