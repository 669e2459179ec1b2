// Two runs compared on the map: an earlier run of this page, or one that the session keeps; each view with its sums, the history, the table.
import { expect, test, vi } from "vitest";
import { page, userEvent } from "vitest/browser";
import { mounted } from "../harness/mounted.tsx";
import { dynamicRun, eventLog, first, ReplaySession } from "../ui/fixture.ts";

const here = mounted();
const cell = (at: string) => here.host.querySelector<HTMLElement>(`.heatmap [data-cell="${at}"]`)!;
const label = (at: string) => cell(at).getAttribute("aria-label")!;
const shows = () => [...here.host.querySelectorAll(".heatmap .cell")].map((one) => one.textContent!);
const number = (shown: string) => Number(shown.replace("−", "-").replace("%", ""));
const trained = async (): Promise<void> => {
  await userEvent.click(page.getByTestId("train"));
  await expect.poll(() => document.querySelector("[data-testid=step-value]")!.textContent, { timeout: 20_000 }).toBe(String(first.train.steps));
  await expect.element(page.getByTestId("train")).toBeEnabled();
};
const compareWith = page.getByTestId("compare-with");
const view = (name: string) => page.getByRole("radio", { name, exact: true });

test("an allocated run against the same without: where it has less, and how much in all", async () => {
  const complaints = vi.spyOn(console, "error");
  await here.open(new ReplaySession(3));
  expect(compareWith.elements()).toHaveLength(0);
  await trained();
  await userEvent.click(page.getByTestId("allocation"));
  await userEvent.selectOptions(page.getByLabelText("Decided", { exact: true }), "dynamic");
  await trained();
  await userEvent.selectOptions(compareWith, page.getByRole("option", { name: "run 1: rank 8, 120 steps" }));

  await userEvent.click(view("rank"));
  await expect.poll(() => shows().filter((text) => text === "−8").length, { timeout: 10_000 }).toBe(32);
  expect(shows().filter((text) => text === "0")).toHaveLength(10);
  expect(here.host.querySelector(".sum-of-all")!.textContent).toBe("−256");
  expect(label(shows().indexOf("−8") % 7 === 0 ? "0,0" : `0,${shows().indexOf("−8")}`)).toMatch(/: rank 0 in this run, 8 in run 1, difference −8$/);
  const margins = [...here.host.querySelectorAll(".heatmap .margin")].map((one) => number(one.textContent!));
  expect(margins.reduce((a, b) => a + b, 0)).toBe(-256);

  await userEvent.click(view("on"));
  await expect.poll(() => shows().every((text) => /^([+−]\d+|0)%$/.test(text)), { timeout: 10_000 }).toBe(true);
  expect(
    Math.abs(
      shows()
        .map(number)
        .reduce((a, b) => a + b, 0) + 3200,
    ),
  ).toBeLessThan(21);
  await userEvent.click(view("‖ΔW‖"));
  expect(page.getByRole("radio", { name: "score", exact: true }).elements()).toHaveLength(0);
  await userEvent.click(page.getByRole("button", { name: "Table" }));
  await expect.element(page.getByRole("columnheader", { name: "‖ΔW‖, run 1" })).toBeVisible();
  expect(here.host.querySelectorAll(".rank table.sites tbody tr")).toHaveLength(42);
  await userEvent.click(page.getByRole("button", { name: "Map" }));

  await userEvent.selectOptions(compareWith, "");
  await expect.poll(() => label("5,2"), { timeout: 10_000 }).toMatch(/^layer 5, v_proj: rank 8, score/);
  expect(complaints).not.toHaveBeenCalled();
});

test("a kept run is read when it is chosen; the history goes back in both; the next run can be compared too", async () => {
  const session = new ReplaySession(3);
  session.keep("old", "plump-otter", { ...dynamicRun, r: 8 }, eventLog(dynamicRun));
  session.keep("gone", "gone", dynamicRun, eventLog(dynamicRun), { deleted: 1 });
  session.keep("empty", "empty", dynamicRun, eventLog(dynamicRun).slice(0, 3), { step: 1 });
  await here.open(session, '#allocation={"when":"dynamic","budget":{"modules":20}}');
  await trained();
  const options = () => [...compareWith.element().querySelectorAll("option")].map((one) => one.textContent);
  expect(options()).toEqual(["nothing", "empty: top-k by grad-norm, 25 %, dynamic, 1 step", "plump-otter: top-k by grad-norm, 25 %, dynamic, 120 steps"]);
  await userEvent.selectOptions(compareWith, "old");
  await userEvent.click(view("rank"));
  await expect.poll(() => shows().filter((text) => text === "+8").length, { timeout: 10_000 }).toBe(10);
  await userEvent.click(view("score"));
  await expect.poll(() => new Set(shows()), { timeout: 10_000 }).toEqual(new Set(["0"]));
  await userEvent.click(view("rank"));
  here.host.querySelector<HTMLInputElement>(".scrubber input")!.focus();
  await userEvent.keyboard("{Home}");
  await expect.element(page.getByText("up to step 0", { exact: true })).toBeVisible();
  expect(shows().filter((text) => text === "+8")).toHaveLength(10);

  // The best ten at the start are among the best twenty; the next run with all of them has 22 more.
  await userEvent.click(page.getByTestId("allocation"));
  await userEvent.click(page.getByRole("radio", { name: "next run" }));
  await userEvent.selectOptions(compareWith, "this run");
  await expect.poll(() => shows().filter((text) => text === "+8").length, { timeout: 10_000 }).toBe(22);
  await userEvent.selectOptions(compareWith, "empty");
  await expect.element(page.getByText("The run ended before its map showed anything.")).toBeVisible();
});
