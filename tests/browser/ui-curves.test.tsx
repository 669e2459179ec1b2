// A long run's curves: few points however many steps, spikes cut and told, the whole of it again without the switch.
import { useState } from "react";
import { createRoot } from "react-dom/client";
import { expect, test } from "vitest";
import { page } from "vitest/browser";
import { CurveSwitches } from "../../src/ui/charts/curve-switches.tsx";
import LossChart from "../../src/ui/charts/loss-chart.tsx";
import { useCurves } from "../../src/ui/charts/use-curves.ts";
import { allOf } from "../../src/ui/charts/x-axis.ts";
import { emptyRun, type RunView } from "../../src/ui/fold.ts";
import { append } from "../../src/ui/series.ts";
import "../../src/ui/theme.css";

const many = 20_000;

function run(): RunView["steps"] {
  let { steps } = emptyRun();
  for (let i = 1; i <= many; i++) {
    const loss = 1 + 4 * Math.exp(-i / 2000) + 0.2 * Math.sin(i) + (i === 9000 ? 700 : 0);
    steps = append(steps, { step: i, loss, learningRate: 1e-3 * (1 - i / many), gradNorm: 1 + (i % 7), tokens: 64, ms: 10, time: 10 * i });
  }
  return steps;
}

function Shown({ steps }: { steps: RunView["steps"] }) {
  const [curves, setCurves] = useCurves();
  const [evaluations] = useState(Array.from({ length: 41 }, (_, i) => ({ step: 500 * i, loss: 2, metric: 0.5, rows: 8 })));
  return (
    <div style={{ width: 900 }}>
      <LossChart steps={steps} evaluations={evaluations} curves={curves} setCurves={setCurves} total={many} />
      <CurveSwitches curves={curves} setCurves={setCurves} all={allOf(steps, curves.over, many)} />
    </div>
  );
}

/** Points of all lines that are drawn above the small multiples. */
const pointsOf = (host: HTMLElement): number[] =>
  [...host.querySelectorAll(".recharts-line-curve")].map((path) => path.getAttribute("d")?.match(/[ML]/g)?.length ?? 0);
const highest = (host: HTMLElement): number =>
  Math.max(...[...host.querySelectorAll(".recharts-yAxis-tick-labels text")].map((one) => Number(one.textContent)));

test("20,000 steps are 1,500 points; one spike does not flatten them", async () => {
  const host = document.createElement("div");
  document.body.append(host);
  const root = createRoot(host);
  root.render(<Shown steps={run()} />);
  await expect.poll(() => pointsOf(host)[0]).toBeGreaterThan(1000);
  for (const points of pointsOf(host)) expect(points).toBeLessThanOrEqual(1500);
  for (const line of host.querySelectorAll(".small-multiple polyline")) expect(line.getAttribute("points")!.split(" ").length).toBeLessThanOrEqual(1000);
  expect(host.querySelectorAll(".recharts-line-dots circle, .recharts-line-dot").length).toBeGreaterThanOrEqual(41);
  expect(highest(host)).toBeLessThan(10);
  await expect.element(page.getByText("1 value lies above", { exact: false })).toBeVisible();

  await page.getByRole("checkbox", { name: "cut spikes" }).click();
  await expect.poll(() => highest(host)).toBeGreaterThanOrEqual(700);
  expect(page.getByText("1 value lies above", { exact: false }).elements()).toHaveLength(0);

  // Nearer: every step of what is left is a point of its own.
  for (let i = 0; i < 7; i++) await page.getByRole("button", { name: "Nearer" }).click();
  await expect.poll(() => pointsOf(host)[0]).toBeLessThan(200);
  expect(pointsOf(host)[0]).toBeGreaterThan(100);
  root.unmount();
  host.remove();
});
