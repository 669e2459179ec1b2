// Scores side by side: chosen with their cost, shown as small maps, compared in a table; a click or a key takes one into the configuration.
import { expect, test, vi } from "vitest";
import { page, userEvent } from "vitest/browser";
import { correlation } from "../../src/statistics/rank-correlation.ts";
import { mounted } from "../harness/mounted.tsx";
import { catalogue, ReplaySession } from "../ui/fixture.ts";

const here = mounted();
const withMore = (session = new ReplaySession(5)) => {
  const names = ["grad-norm", "snip", "alpha-test", "constant"];
  const title = (name: string) => ({ "grad-norm": "Gradient norm", "alpha-test": "Alpha test", constant: "Random" })[name] ?? name.toUpperCase();
  session.catalogue = async () => ({ ...catalogue, proxies: names.map((name) => ({ name, title: title(name), help: name })) });
  return session;
};
const open = (session?: ReplaySession) => here.open(withMore(session), '#allocation={"budget":{"modules":6}}');
const maps = () => [...here.host.querySelectorAll<HTMLElement>(".proxy-map")];
const cellsOf = (map: HTMLElement) => [...map.querySelectorAll("tbody td")].map((cell) => cell.textContent);
const chosen = () => here.host.querySelector<HTMLSelectElement>(".allocation select")!.value;

test("cheap scores are proposed, their cost is told; maps, places and the control", async () => {
  const complaints = vi.spyOn(console, "error");
  const session = await open();
  await userEvent.click(page.getByTestId("choose-proxies"));
  await expect.element(page.getByTestId("proxies-cost")).toHaveTextContent("4 scores: 96 passes");
  await expect.element(page.getByRole("checkbox", { name: /^Alpha test 1,280 passes/ })).not.toBeChecked();
  await userEvent.click(page.getByRole("checkbox", { name: /^Jacobian covariance/ }));
  await expect.element(page.getByTestId("proxies-cost")).toHaveTextContent("3 scores: 64 passes");
  await userEvent.click(page.getByTestId("score-all"));
  await expect.poll(() => maps().length, { timeout: 10_000 }).toBe(3);
  expect(session.calls).toEqual(["score grad-norm, snip, constant"]);
  for (const map of maps().slice(0, 2)) {
    // Two that tie share a place.
    const places = cellsOf(map).map(Number);
    expect([Math.min(...places), Math.max(...places), places.length]).toEqual([1, 42, 42]);
    expect(new Set(places).size).toBeGreaterThan(38);
    expect([...map.querySelectorAll(".best")].map((cell) => Number(cell.textContent)).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6]);
  }
  expect(new Set(cellsOf(maps()[2]))).toEqual(new Set(["="]));
  await expect.element(page.getByText("All the same: chance decides. This is the control.")).toBeVisible();
  expect(complaints).not.toHaveBeenCalled();
});

test("the table holds the rank correlations, and what the best have in common, with names for rows and columns", async () => {
  const session = await open();
  await userEvent.click(page.getByTestId("choose-proxies"));
  await userEvent.click(page.getByTestId("score-all"));
  const table = page.getByTestId("agreement").getByRole("table");
  await expect.element(table).toBeVisible();
  const scored = (await session.score({ ...catalogue.first, allocation: catalogue.allocation }, ["grad-norm", "snip"], () => {}))!.scores;
  const expected = correlation(scored["grad-norm"], scored.snip)!.toFixed(2).replace("-", "−");
  const row = (n: number) => [...here.host.querySelectorAll(".agreement tbody tr")][n].textContent;
  expect(row(0)).toMatch(new RegExp(`^1 Gradient norm${expected}–$`));
  expect(page.getByRole("columnheader", { name: "SNIP" }).elements()).toHaveLength(1);
  await userEvent.click(page.getByRole("radio", { name: "best in common" }));
  // The control against any other: six of 42.
  await expect.poll(() => row(2), { timeout: 10_000 }).toBe("3 Random14 %14 %");
});

test("a click takes a score into the configuration, a key too; the map of ranks follows, and undo takes it back", async () => {
  await open();
  await userEvent.click(page.getByTestId("choose-proxies"));
  await userEvent.click(page.getByTestId("score-all"));
  await expect.poll(() => maps().length, { timeout: 10_000 }).toBe(3);
  const on = () => [...here.host.querySelectorAll<HTMLElement>(".heatmap .cell:not(.hollow)")].map((cell) => cell.dataset.cell);
  await expect.poll(() => on().length, { timeout: 10_000 }).toBe(6);
  const before = on();
  await userEvent.click(maps()[1].querySelector("td.best")!);
  await expect.poll(chosen, { timeout: 10_000 }).toBe("snip");
  await expect.poll(on, { timeout: 10_000 }).not.toEqual(before);
  expect(on()).toHaveLength(6);
  expect(maps()[1].querySelector("button")!.getAttribute("aria-pressed")).toBe("true");
  maps()[0].querySelector("button")!.focus();
  await userEvent.keyboard("{Enter}");
  await expect.poll(on, { timeout: 10_000 }).toEqual(before);
  (document.activeElement as HTMLElement).blur();
  await userEvent.keyboard("{Control>}z{/Control}");
  await expect.poll(chosen, { timeout: 10_000 }).toBe("grad-norm");
});

test("progress names the score; a cancel leaves what is complete, a score that fails says why", async () => {
  const session = new ReplaySession(5);
  const score = session.score;
  let stop = () => {};
  session.stop = async () => stop();
  session.score = async (config, _names, onProgress) => {
    onProgress("grad-norm", 32, 32);
    onProgress("snip", 8, 32);
    await new Promise<void>((resolve) => (stop = resolve));
    const answer = (await score(config, ["grad-norm"], () => {}))!;
    return { ...answer, failed: { snip: "snip of model.layers.0.mlp.up_proj is NaN" } };
  };
  await open(session);
  await userEvent.click(page.getByTestId("choose-proxies"));
  await userEvent.click(page.getByTestId("score-all"));
  await expect.element(page.getByText("SNIP: 8 of 32 passes (2 of 4)")).toBeVisible();
  await expect.element(page.getByTestId("train")).toBeDisabled();
  await userEvent.click(page.getByTestId("cancel-score"));
  await expect.poll(() => maps().length, { timeout: 10_000 }).toBe(1);
  await expect.element(page.getByText("snip of model.layers.0.mlp.up_proj is NaN")).toBeVisible();
  await expect.element(page.getByTestId("train")).toBeEnabled();
});

test("scores of another setup are not shown as if they were its own", async () => {
  await open();
  await userEvent.click(page.getByTestId("choose-proxies"));
  await userEvent.click(page.getByTestId("score-all"));
  await expect.poll(() => maps().length, { timeout: 10_000 }).toBe(3);
  await userEvent.fill(page.getByLabelText("Calibration batches", { exact: true }), "8");
  await expect.poll(() => maps().length, { timeout: 10_000 }).toBe(0);
  await expect.element(page.getByText("Not scored as it is now.").first()).toBeVisible();
});
