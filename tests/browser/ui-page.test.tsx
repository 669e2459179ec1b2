// The whole page over a replayed session: a run from Train to its end, pause and step, the form, the address, problems.
import { expect, test, vi } from "vitest";
import { page, userEvent } from "vitest/browser";
import { text } from "../../src/ui/strings.ts";
import { mounted } from "../harness/mounted.tsx";
import { device, first, ReplaySession } from "../ui/fixture.ts";

const here = mounted();
const { open } = here;
const number = (id: string): number => Number(document.querySelector(`[data-testid=${id}]`)!.textContent);

test("Train runs to the end: the loss falls, the map moves, the answers change", async () => {
  const complaints = vi.spyOn(console, "error");
  await open();
  await userEvent.click(page.getByTestId("train"));
  await expect.poll(() => number("step-value"), { timeout: 10_000 }).toBeGreaterThan(20);
  const early = number("loss-value");
  const cell = page.getByRole("gridcell", { name: /^layer 5, v_proj: rank 8/ });
  const before = cell.element().textContent;
  await expect.poll(() => number("step-value"), { timeout: 10_000 }).toBe(first.train.steps);
  expect(number("loss-value")).toBeLessThan(0.5 * early);
  expect(Number(cell.element().textContent)).toBeGreaterThan(Number(before));
  await expect.element(page.getByTestId("samples")).toHaveTextContent("he was afraid of the crow");
  await expect.element(page.getByTestId("export")).toBeEnabled();
  await expect.poll(() => document.querySelectorAll(".loss-chart .recharts-line-curve").length, { timeout: 10_000 }).toBeGreaterThan(1);
  expect(complaints).not.toHaveBeenCalled();
});

test("pause, step and resume, also by keys", async () => {
  const session = await open(new ReplaySession(400));
  await userEvent.keyboard("{Control>}{Enter}{/Control}");
  await expect.poll(() => number("step-value"), { timeout: 10_000 }).toBeGreaterThan(5);
  await userEvent.click(page.getByTestId("pause"));
  await expect.element(page.getByTestId("resume")).toBeVisible();
  await userEvent.click(page.getByTestId("step"));
  (document.activeElement as HTMLElement).blur();
  await userEvent.keyboard(".");
  await userEvent.keyboard(" ");
  await expect.element(page.getByTestId("pause")).toBeVisible();
  await userEvent.click(page.getByTestId("stop"));
  await expect.element(page.getByTestId("train")).toBeEnabled();
  expect(session.calls).toEqual(["train", "pause", "step", "step", "resume", "stop"]);
});

test("a changed field has a reset arrow and goes into the address; a wrong one says what it must be", async () => {
  await open();
  const rank = page.getByLabelText("Rank r", { exact: true });
  await userEvent.fill(rank, "4");
  await expect.poll(() => location.hash, { timeout: 10_000 }).toBe("#r=4");
  await expect.element(page.getByTestId("preflight")).toHaveTextContent("81,408 of");
  await userEvent.fill(rank, "0");
  await expect.element(page.getByTestId("train")).toBeDisabled();
  await expect.element(page.getByText("A whole number from 1 to 256.").first()).toBeVisible();
  await userEvent.click(page.getByRole("button", { name: "Reset Rank r" }));
  await expect.element(rank).toHaveValue("8");
  await expect.poll(() => location.hash, { timeout: 10_000 }).toBe("");
});

test("what does not fit is offered as what does; the reset arrows take it back", async () => {
  const session = await open();
  const { preflight } = session;
  const rows = page.getByLabelText("Rows per step", { exact: true });
  const warmup = page.getByLabelText("Warm-up", { exact: true });
  await userEvent.fill(rows, "16");
  await expect.element(page.getByTestId("train")).toBeDisabled();
  await expect.element(page.getByTestId("preflight")).toHaveTextContent("Rows per step: 16 → 8");
  // What is changed before the next answer stays.
  session.preflight = () => new Promise(() => {});
  await userEvent.click(page.getByText("More settings"));
  await userEvent.fill(warmup, "3");
  await userEvent.click(page.getByRole("button", { name: "Use checkpointing, batch 8 × 2" }).first());
  session.preflight = preflight;
  await expect.element(rows).toHaveValue("8");
  await expect.element(warmup).toHaveValue("3");
  await expect.element(page.getByTestId("train")).toBeEnabled();
  await expect.poll(() => location.hash, { timeout: 10_000 }).toContain("train.gradient_checkpointing=true");
  for (const field of ["Rows per step", "Accumulation", "Checkpointing", "Warm-up"])
    await userEvent.click(page.getByRole("button", { name: `Reset ${field}` }));
  await expect.poll(() => location.hash, { timeout: 10_000 }).toBe("");
});

test("help is behind the title's i, by keyboard too, and describes the field in any case", async () => {
  await open();
  const rank = page.getByLabelText("Rank r", { exact: true });
  await expect.element(rank).toHaveAccessibleDescription(/Directions each matrix may change in/);
  const about = page.getByRole("button", { name: "About Rank r" });
  (about.element() as HTMLElement).focus();
  await userEvent.keyboard("{Enter}");
  await expect.element(page.getByText(/^Directions each matrix/)).toBeVisible();
  await expect.element(about).toHaveAttribute("aria-expanded", "true");
});

test("the prompt to ask is one of the data's until the visitor writes another", async () => {
  await open();
  const prompt = page.getByLabelText("Your prompt");
  await expect.element(prompt).toHaveValue("Mia has a green hat. She wears it in the garden.\nQuestion: What colour is the hat?\nAnswer:");
  await expect.element(page.getByRole("button", { name: "Ask both" })).toBeDisabled();
  await userEvent.fill(prompt, "Mine");
  await userEvent.click(page.getByTestId("train"));
  await expect.poll(() => number("step-value"), { timeout: 10_000 }).toBeGreaterThan(5);
  await expect.element(prompt).toHaveValue("Mine");
  await userEvent.click(page.getByRole("button", { name: "Ask both" }));
  await expect.element(page.getByText("She was very happy.", { exact: true })).toBeVisible();
});

test("the Device page keeps the run behind it, and measures", async () => {
  const session = await open(new ReplaySession(100));
  await userEvent.click(page.getByRole("link", { name: "Device", exact: true }));
  await expect.element(page.getByRole("heading", { name: "This device" })).toBeVisible();
  await userEvent.click(page.getByTestId("benchmark"));
  await expect.element(page.getByText("812 GFLOP/s")).toBeVisible();
  expect(session.calls).toEqual(["benchmark"]);
  await userEvent.click(page.getByRole("link", { name: "Train", exact: true }));
  await userEvent.click(page.getByTestId("train"));
  await expect.poll(() => number("step-value"), { timeout: 10_000 }).toBeGreaterThan(3);
  history.back();
  await expect.element(page.getByTestId("benchmark")).toBeDisabled();
  history.forward();
  await expect.element(page.getByTestId("train")).toBeVisible();
  await expect.poll(() => number("step-value"), { timeout: 20_000 }).toBe(first.train.steps);
});

test("going back, and the name at the top, change the page and keep form and run; an address typed anew changes the form", async () => {
  await open(new ReplaySession(100));
  const link = (name: string) => page.getByRole("link", { name, exact: true });
  const steps = page.getByLabelText("Steps", { exact: true });
  await userEvent.click(link("Runs"));
  await userEvent.click(link("Train"));
  await userEvent.fill(steps, "130");
  expect(new URL((link("Device").element() as HTMLAnchorElement).href).hash).toBe("#train.steps=130");
  await expect.poll(() => location.hash).toBe("#train.steps=130");
  history.back();
  await expect.element(page.getByRole("heading", { name: text.library.title })).toBeVisible();
  expect(location.hash).toBe("#train.steps=130");
  await userEvent.click(link("Train"));
  await userEvent.click(page.getByTestId("train"));
  await userEvent.click(link("Device"));
  await userEvent.click(link("Rankscope"));
  await expect.element(page.getByTestId("stop")).toBeVisible();
  await expect.element(steps).toHaveValue("130");
  location.hash = "#train.steps=90";
  await expect.element(steps).toHaveValue("90");
});

test("pages that are not seen are not drawn anew while it trains", async () => {
  await open();
  const cores = vi.spyOn(navigator, "hardwareConcurrency", "get");
  await userEvent.click(page.getByTestId("train"));
  await expect.poll(() => number("step-value"), { timeout: 10_000 }).toBeGreaterThan(2);
  cores.mockClear();
  await expect.poll(() => number("step-value"), { timeout: 10_000 }).toBeGreaterThan(60);
  // The Device page reads it when it is drawn.
  expect(cores).not.toHaveBeenCalled();
  cores.mockRestore();
});

test("a page that was left is as it was: the prompt, the curve's part, the moment, the run to compare with, a template half written", async () => {
  const session = new ReplaySession(5);
  session.keep("a", "calm otter", first, session.log(first));
  await open(session);
  const button = (name: string) => page.getByRole("button", { name, exact: true });
  const visit = async () => {
    await userEvent.click(page.getByRole("link", { name: "Runs", exact: true }));
    await userEvent.click(page.getByRole("link", { name: "Train", exact: true }));
  };
  await userEvent.click(page.getByTestId("train"));
  await expect.poll(() => number("step-value"), { timeout: 10_000 }).toBe(first.train.steps);
  const prompt = page.getByLabelText("Your prompt");
  const take = page.getByRole("button", { name: text.answers.take }).first();
  await userEvent.click(take);
  const taken = (prompt.element() as HTMLTextAreaElement).value;
  await userEvent.fill(prompt, "Mine");
  await expect.element(button(text.curves.nearer)).toBeVisible();
  await userEvent.click(button(text.curves.nearer));
  const scrubber = here.host.querySelector<HTMLInputElement>(".scrubber input")!;
  scrubber.focus();
  await userEvent.keyboard("{Home}");
  await userEvent.selectOptions(page.getByTestId("compare-with"), "a");
  await userEvent.click(page.getByText(text.data.mapping));
  const template = page.getByLabelText("data.template", { exact: true });
  await userEvent.selectOptions(template, "own");
  await visit();
  await expect.element(prompt).toHaveValue("Mine");
  await expect.element(button(text.curves.further)).toBeEnabled();
  expect(scrubber.value).toBe("0");
  await expect.element(page.getByTestId("compare-with")).toHaveValue("a");
  await expect.element(template).toHaveValue("own");
  // The same prompt again is another click.
  await userEvent.click(take);
  await expect.element(prompt).toHaveValue(taken);
  // A part of one run is no part of the next.
  await userEvent.click(page.getByRole("link", { name: "Runs", exact: true }));
  await userEvent.click(button(text.library.show));
  await expect.element(button(text.curves.further)).toBeDisabled();
});

test("a number that is none blocks Train while it is seen, and is never shown beside another that trains", async () => {
  await open();
  const train = page.getByTestId("train");
  const steps = page.getByLabelText("Steps", { exact: true });
  const free = async () => {
    await expect.element(train).toBeEnabled();
    expect(here.host.querySelectorAll("[aria-invalid=true]")).toHaveLength(0);
  };
  await userEvent.fill(page.getByLabelText("Alpha α", { exact: true }), "x");
  await expect.element(train).toBeDisabled();
  await userEvent.selectOptions(page.getByLabelText("Method", { exact: true }), "full");
  await free();
  await userEvent.fill(steps, "0");
  await expect.element(train).toBeDisabled();
  await userEvent.click(page.getByRole("link", { name: "Runs", exact: true }));
  await userEvent.click(page.getByRole("link", { name: "Train", exact: true }));
  await expect.element(steps).toHaveValue(String(first.train.steps));
  await free();
  await userEvent.fill(steps, "40x");
  await userEvent.click(page.getByRole("button", { name: text.setup.resetAll }));
  await expect.element(steps).toHaveValue(String(first.train.steps));
  await free();
  await userEvent.fill(steps, "1e2");
  await expect.element(steps).toHaveValue("1e2");
});

test("the address opens the same configuration, and says what it did not understand", async () => {
  here.show(new ReplaySession(), "#r=2&colour=red");
  await expect.element(page.getByLabelText("Rank r", { exact: true })).toHaveValue("2");
  await expect.element(page.getByRole("alert").first()).toHaveTextContent('"colour"');
});

test("a JSONL file dropped on any page is given to the session and chosen, where one sees it", async () => {
  const session = await open();
  await userEvent.click(page.getByRole("link", { name: "Learn", exact: true }));
  const transfer = new DataTransfer();
  transfer.items.add(new File(['{"prompt":"a","completion":"b"}\n'], "mine.jsonl"));
  dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, cancelable: true }));
  await expect.element(page.getByTestId("data-select")).toHaveValue("file:mine.jsonl");
  await expect.element(page.getByTestId("data-select")).toBeVisible();
  expect(session.calls).toEqual(["give mine.jsonl"]);
});

test("without WebGPU the fix is shown and the page stays usable", async () => {
  await open(new ReplaySession(20, { ...device, webgpu: false, adapter: "", hint: "Turn it on in about:config." }));
  await expect.element(page.getByTestId("preflight")).toHaveTextContent("Turn it on in about:config.");
  await expect.element(page.getByTestId("model-select")).toBeEnabled();
});

test("all modules off: Train says what is missing", async () => {
  await open();
  for (const module of ["q", "k", "v", "o", "gate", "up", "down"]) await userEvent.click(page.getByRole("button", { name: module, exact: true }));
  await expect.element(page.getByTestId("train")).toBeDisabled();
  await expect.element(page.getByText("Not ready yet:")).toBeVisible();
});
