// Where the rank goes, on the page: scores change the map, the budget moves it, a dynamic run replays through the scrubber.
import { expect, test, vi } from "vitest";
import { page, userEvent } from "vitest/browser";
import { mounted } from "../harness/mounted.tsx";
import { first, ReplaySession } from "../ui/fixture.ts";

const here = mounted();
const open = (session = new ReplaySession(5), hash = "") => here.open(session, hash);
const hollow = () => here.host.querySelectorAll(".cell.hollow").length;
const label = (at: string) => here.host.querySelector(`[data-cell="${at}"]`)!.getAttribute("aria-label");
const slide = (to: number) => {
  const slider = here.host.querySelector<HTMLInputElement>("[data-testid=budget]")!;
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")!.set!.call(slider, String(to));
  slider.dispatchEvent(new Event("input", { bubbles: true }));
};

test("scores change the map, the budget moves it, and its ranks become those of a new run", async () => {
  const complaints = vi.spyOn(console, "error");
  await open();
  expect(hollow()).toBe(0);
  await userEvent.click(page.getByTestId("allocation"));
  await expect.element(page.getByTestId("scoring")).toHaveTextContent("One scoring: 32 passes");
  await userEvent.click(page.getByTestId("score"));
  await expect.poll(hollow, { timeout: 10_000 }).toBe(32);
  await expect.element(page.getByTestId("spent")).toHaveTextContent("10 of 10 modules");
  slide(0.5);
  await expect.poll(hollow, { timeout: 10_000 }).toBe(21);
  await expect.poll(() => new URLSearchParams(location.hash.slice(1)).get("allocation"), { timeout: 10_000 }).toBe('{"budget":{"share":0.5}}');
  await userEvent.click(page.getByRole("radio", { name: "score", exact: true }));
  await userEvent.click(page.getByRole("checkbox", { name: "rank order" }));
  const places = [...here.host.querySelectorAll(".cell")].map((cell) => Number(cell.textContent));
  expect(Math.min(...places)).toBe(1);
  expect(Math.max(...places)).toBeGreaterThan(35);
  await userEvent.click(page.getByRole("gridcell", { name: /^layer 5, v_proj/ }));
  await userEvent.click(page.getByRole("radio", { name: "left out" }));
  await userEvent.keyboard("{Escape}");
  await expect.poll(() => label("5,2"), { timeout: 10_000 }).toMatch(/^layer 5, v_proj: off/);
  await userEvent.click(page.getByTestId("use-ranks"));
  await expect.element(page.getByTestId("allocation")).not.toBeChecked();
  expect([...here.host.querySelectorAll(".cell.off")]).toHaveLength(21);
  await userEvent.click(page.getByRole("button", { name: /^Reset Where/ }));
  await expect.poll(() => location.hash, { timeout: 10_000 }).toBe("");
  expect(complaints).not.toHaveBeenCalled();
});

test("a dynamic run: off cells are off, the history goes back to the first allocation", async () => {
  await open(new ReplaySession(5), '#allocation={"when":"dynamic"}');
  await userEvent.click(page.getByTestId("train"));
  await expect.poll(() => document.querySelector("[data-testid=step-value]")!.textContent, { timeout: 20_000 }).toBe(String(first.train.steps));
  await expect.element(page.getByTestId("train")).toBeEnabled();
  expect(hollow()).toBe(32);
  const off = () => [...here.host.querySelectorAll<HTMLElement>(".cell.hollow")].map((cell) => cell.dataset.cell);
  const last = off();
  expect(label("5,2")).toMatch(/^layer 5, v_proj: rank 8, score [\d.]+ \(place \d+\)/);
  const scrubber = here.host.querySelector<HTMLInputElement>(".scrubber input")!;
  scrubber.focus();
  await userEvent.keyboard("{Home}");
  await expect.element(page.getByText("up to step 0", { exact: true })).toBeVisible();
  expect(off()).toHaveLength(32);
  expect(off()).not.toEqual(last);
  await userEvent.keyboard("{End}");
  await userEvent.click(page.getByRole("radio", { name: "on", exact: true }));
  const shares = [...here.host.querySelectorAll(".cell")].map((cell) => parseInt(cell.textContent!));
  // Ten of 42 are on at any time.
  expect(Math.abs(shares.reduce((a, b) => a + b, 0) - 1000)).toBeLessThan(21);
  expect(shares.some((share) => share > 0 && share < 100)).toBe(true);

  await userEvent.click(page.getByRole("gridcell", { name: /^layer 5, v_proj/ }));
  const made = vi.spyOn(URL, "createObjectURL");
  await userEvent.click(page.getByRole("button", { name: "history as CSV" }));
  const lines = (await (made.mock.calls[0][0] as Blob).text()).trim().split("\r\n");
  expect(lines[0]).toBe("name,step,score,on");
  expect(lines[1]).toMatch(/v_proj,0,[\d.e-]+,[01]$/);
  expect(lines.length).toBeGreaterThan(3);
  await userEvent.click(page.getByRole("button", { name: "history as SVG" }));
  const svg = new DOMParser().parseFromString(await (made.mock.calls[1][0] as Blob).text(), "image/svg+xml");
  expect(svg.querySelectorAll("circle")).toHaveLength(lines.length - 1);
  made.mockRestore();
});

test("labelled data brings its task, and its labels are shown", async () => {
  const session = new ReplaySession(5);
  const preview = session.preview;
  session.preview = async (config) => {
    const plain = await preview(config);
    return config.model.task === "classification" ? { ...plain, labels: plain.rows.map((_, i) => (i % 2 ? "same" : "different")), trainedShare: 0 } : plain;
  };
  await open(session);
  await userEvent.selectOptions(page.getByTestId("data-select"), "bundled:paraphrase");
  await expect.poll(() => here.host.querySelectorAll(".token.label").length, { timeout: 10_000 }).toBe(3);
  expect(new URLSearchParams(location.hash.slice(1)).get("model.task")).toBe("classification");
});

test("ranks by hand begin with those shown, are set by keyboard on the map, and the budget says where it ends", async () => {
  await open();
  await userEvent.click(page.getByTestId("allocation"));
  await userEvent.click(page.getByTestId("score"));
  await expect.poll(hollow, { timeout: 10_000 }).toBe(32);
  await userEvent.selectOptions(page.getByLabelText("Allocation", { exact: true }), "manual");
  await expect.element(page.getByText("42 are set.", { exact: false })).toBeVisible();
  expect(page.getByTestId("scoring").elements()).toHaveLength(0);
  here.host.querySelector<HTMLElement>('[data-cell="0,0"]')!.focus();
  await userEvent.keyboard("1");
  await userEvent.keyboard("6{Enter}");
  await expect.poll(() => label("0,0"), { timeout: 10_000 }).toMatch(/^layer 0, q_proj: rank 16/);
  expect(new URLSearchParams(location.hash.slice(1)).get("rank_pattern")).toBeNull();
  await expect.element(page.getByTestId("cut")).toHaveTextContent("The budget ends before one rank that you set");
  await userEvent.click(page.getByRole("button", { name: "Let the budget pay for all" }));
  await expect.poll(() => page.getByTestId("cut").elements().length, { timeout: 10_000 }).toBe(0);
  const hand = () => (JSON.parse(new URLSearchParams(location.hash.slice(1)).get("allocation")!) as { ranks: Record<string, number> }).ranks;
  await expect.poll(() => hand()["model.layers.0.self_attn.q_proj"], { timeout: 10_000 }).toBe(16);
  await userEvent.click(page.getByTestId("undo"));
  await userEvent.click(page.getByTestId("undo"));
  await expect.poll(() => label("0,0"), { timeout: 10_000 }).toMatch(/^layer 0, q_proj: off/);
  await userEvent.click(page.getByTestId("undo"));
  await expect.element(page.getByLabelText("Allocation", { exact: true })).toHaveValue("top-k");
});

test("what is chosen is read in full, however narrow the form", async () => {
  await open();
  await userEvent.click(page.getByTestId("allocation"));
  await userEvent.selectOptions(page.getByLabelText("Decided", { exact: true }), "dynamic");
  const pen = document.createElement("canvas").getContext("2d")!;
  for (const width of [1280, 900, 400]) {
    await page.viewport(width, 900);
    for (const select of here.host.querySelectorAll<HTMLSelectElement>(".allocation select")) {
      const style = getComputedStyle(select);
      pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
      const words = pen.measureText(select.selectedOptions[0].text).width;
      // The arrow takes its part.
      const room = select.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - 18;
      expect(room, `${select.selectedOptions[0].text} at ${width}`).toBeGreaterThanOrEqual(words);
    }
  }
  await page.viewport(1280, 900);
});
