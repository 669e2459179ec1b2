// The fixed prompts: values of a regression are not judged; the step that is looked at is one of this run, and the newest goes on.
import { expect, test } from "vitest";
import { page, userEvent } from "vitest/browser";
import type { TrainEvent } from "../../src/protocol.ts";
import { mounted } from "../harness/mounted.tsx";
import { eventLog, ReplaySession } from "../ui/fixture.ts";

const here = mounted();
const samples = page.getByTestId("samples");

test("values of a regression stand beside what is expected, neither right nor wrong", async () => {
  const session = new ReplaySession(3);
  session.log = (config) =>
    eventLog(config).map((event): TrainEvent => {
      if (event.type === "sample") return { ...event, expected: "3.2", text: "3.20" };
      return event.type === "evaluation" ? { ...event, metrics: { pearson: 0.9 } } : event;
    });
  await here.open(session);
  await userEvent.click(page.getByTestId("train"));
  await expect.element(page.getByTestId("train")).toBeEnabled();
  await expect.element(samples).toHaveTextContent("expected 3.2");
  await expect.element(samples).toHaveTextContent("3.20");
  expect(here.host.querySelectorAll(".verdict, .dots button")).toHaveLength(0);
  await expect.element(page.getByText(/of 3 right/)).not.toBeInTheDocument();
  await expect.element(page.getByRole("img", { name: /^Training loss over 120 steps, from .* squared error$/ })).toBeVisible();
});

test("a step that is looked at stays while the run goes on, the newest moves on; the next run begins with its newest", async () => {
  const session = new ReplaySession(80);
  let runs = 0;
  session.log = (config) => [{ type: "run", id: `${++runs}`, name: `run ${runs}` }, ...eventLog(config)];
  await here.open(session);
  const slider = page.getByRole("slider", { name: "Answers over time" });
  const dot = (step: number) => samples.getByRole("button", { name: new RegExp(`^at step ${step}:`) }).first();
  await userEvent.click(page.getByTestId("train"));
  await expect.element(dot(20)).toBeInTheDocument();
  await userEvent.click(page.getByTestId("pause"));
  await expect.element(page.getByTestId("resume")).toBeVisible();
  const newest = 20 * Number(slider.element().getAttribute("max"));
  await userEvent.click(dot(newest));
  await userEvent.click(page.getByTestId("resume"));
  await expect.element(slider).toHaveAttribute("aria-valuetext", "at step 120");
  await userEvent.click(dot(40));
  await expect.element(slider).toHaveAttribute("aria-valuetext", "at step 40");
  await userEvent.click(page.getByTestId("train"));
  await expect.poll(() => runs).toBe(2);
  await expect.element(slider).toHaveAttribute("aria-valuetext", "at step 120");
});
