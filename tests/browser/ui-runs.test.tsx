// The Runs page over kept runs in memory: the list, what is done with one, the way back, a run that was cut off, several compared.
import { expect, test, vi } from "vitest";
import { page, userEvent } from "vitest/browser";
import { text } from "../../src/ui/strings.ts";
import { mounted } from "../harness/mounted.tsx";
import { dynamicRun, eventLog, first, ReplaySession } from "../ui/fixture.ts";

const here = mounted();
const short = { ...first, train: { ...first.train, steps: 60 } };

async function open(more: (session: ReplaySession) => void = () => {}, address = "?page=runs"): Promise<ReplaySession> {
  const session = new ReplaySession(20);
  session.keep("a", "calm otter", first, eventLog(first, 6), { tags: ["base"], notes: "the first one" });
  session.keep("b", "brave wren", dynamicRun, eventLog(dynamicRun, 6));
  session.keep("c", "quick owl", short, eventLog(short, 6).slice(0, 90), { state: "running", step: 30, last: { step: 25, bytes: 9000 } });
  more(session);
  here.show(session, address);
  await expect.element(page.getByTestId(address === "?page=runs" ? "runs" : "train")).toBeVisible();
  return session;
}
const row = (name: string) => page.getByTestId("kept-run").filter({ hasText: name });

test("runs are listed with how they went; one that was cut off goes on", async () => {
  const session = await open();
  await expect.element(row("calm otter")).toHaveTextContent(/finished.*base.*step 120 of 120.*the first one/);
  await expect.element(row("brave wren")).toHaveTextContent("top-k by grad-norm");
  await expect.element(row("quick owl")).toHaveTextContent(/cut off.*step 30 of 60/);
  await expect.element(page.getByText(/3 runs · this page uses 5 MB of the 2 GB/)).toBeVisible();
  await userEvent.click(row("quick owl").getByRole("button", { name: "Go on from step 25" }));
  await expect.element(page.getByTestId("train")).toBeVisible();
  expect(session.calls).toEqual(["continue c {}"]);
  await expect.element(page.getByRole("heading", { name: "quick owl" })).toBeVisible();
});

test("rename, notes and tags are kept when one leaves the field", async () => {
  const session = await open();
  await userEvent.click(row("calm otter").getByRole("button", { name: "More about calm otter" }));
  await userEvent.fill(page.getByLabelText("Name"), "calm otter the second");
  await userEvent.keyboard("{Enter}");
  await expect.element(row("calm otter the second").getByText("calm otter the second").first()).toBeVisible();
  await userEvent.fill(page.getByLabelText(/^Tags/), "one, two");
  await userEvent.fill(page.getByLabelText("Notes"), "it went well");
  await userEvent.tab();
  await expect.element(row("calm otter").getByText("two", { exact: true })).toBeVisible();
  expect(session.calls).toEqual(['change a {"name":"calm otter the second"}', 'change a {"tags":["one"," two"]}', 'change a {"notes":"it went well"}']);
});

test("delete and undo, delete for good, duplicate, export, import that fails", async () => {
  const session = await open();
  await userEvent.click(row("calm otter").getByRole("button", { name: /More/ }));
  await userEvent.click(page.getByRole("button", { name: "Delete", exact: true }));
  await expect.element(page.getByText("calm otter was deleted.")).toBeVisible();
  await expect.element(page.getByTestId("runs")).not.toHaveTextContent("calm otter");
  await userEvent.click(page.getByRole("button", { name: "Undo" }));
  await expect.element(row("calm otter")).toBeVisible();
  await userEvent.click(row("brave wren").getByRole("button", { name: /More/ }));
  await userEvent.click(row("brave wren").getByRole("button", { name: "Duplicate" }));
  await expect.element(row("brave wren, copy")).toBeVisible();
  await userEvent.click(row("brave wren").last().getByRole("button", { name: "Delete" }));
  await userEvent.click(page.getByRole("button", { name: "Delete for good" }));
  await expect.element(page.getByText(/was deleted/)).not.toBeInTheDocument();
  await userEvent.click(page.getByTestId("export-runs"));
  await userEvent.upload(page.getByTestId("import-runs"), new File(["PK"], "runs.zip"));
  await expect.element(page.getByRole("alert")).toHaveTextContent("holds no run");
  expect(session.calls.map((call) => call.split(" ")[0])).toEqual(["delete", "undelete", "duplicate", "delete", "sweep", "export", "import"]);
});

test("a finished run takes more steps, and says what the schedule does", async () => {
  const session = await open();
  await userEvent.click(row("calm otter").getByRole("button", { name: /More/ }));
  await expect.element(page.getByText(/learning rate then follows the schedule of the longer run/)).toBeVisible();
  const steps = page.getByLabelText("up to step");
  await userEvent.fill(steps, "100");
  await expect.element(page.getByRole("button", { name: "More steps" })).toBeDisabled();
  await userEvent.fill(steps, "200");
  await userEvent.click(page.getByRole("button", { name: "More steps" }));
  await expect.element(page.getByTestId("train")).toBeVisible();
  expect(session.calls).toEqual(['continue a {"steps":200}']);
});

test("two runs compared: curves, settings that differ, results, the difference of their maps", async () => {
  await open();
  await expect.element(page.getByText("Choose two to six runs")).toBeVisible();
  await userEvent.click(page.getByLabelText("Compare calm otter"));
  await expect.element(page.getByText("Choose a second run")).toBeVisible();
  await userEvent.click(page.getByLabelText("Compare brave wren"));
  const compare = page.getByTestId("compare-runs");
  await expect.poll(() => document.querySelectorAll(".compare .recharts-line-curve").length, { timeout: 10_000 }).toBe(2);
  await expect.element(compare.getByRole("img", { name: "Loss of calm otter, brave wren" })).toBeVisible();
  await userEvent.click(compare.getByRole("radio", { name: "time" }));
  await expect.poll(() => [...document.querySelectorAll(".compare .recharts-xAxis-tick-labels text")].at(-1)?.textContent).toMatch(/ s$|:\d\d$/);
  const settings = compare.getByRole("region", { name: "Where they differ" });
  await expect.element(settings).toHaveTextContent("allocation");
  await expect.element(settings).not.toHaveTextContent("Learning rate");
  await expect.element(compare.getByRole("region", { name: "How they went" })).toHaveTextContent(/steps120120.*held-out loss/);
  await expect.element(compare.getByRole("grid")).toBeVisible();
  await userEvent.click(compare.getByRole("button", { name: "Table" }));
  await expect.element(compare.getByRole("columnheader", { name: /brave wren/ }).first()).toBeVisible();
  await userEvent.click(compare.getByRole("button", { name: "Clear the choice" }));
  await expect.element(page.getByText("Choose two to six runs")).toBeVisible();
});

test("the run of the other place swaps the two", async () => {
  await open();
  await userEvent.click(page.getByLabelText("Compare calm otter"));
  await userEvent.click(page.getByLabelText("Compare brave wren"));
  const [from, minus] = [0, 1].map((i) => page.getByTestId("compare-runs").getByRole("combobox").nth(i));
  await userEvent.selectOptions(from, "brave wren");
  await expect.element(minus).toHaveValue("a");
  await userEvent.selectOptions(minus, "brave wren");
  await expect.element(from).toHaveValue("a");
  await expect.element(page.getByTestId("compare-runs").getByRole("grid")).toBeVisible();
});

test("on the map of a run of another model no rank is set", async () => {
  await open((session) => session.keep("d", "small finch", first, eventLog(first, 2)));
  await userEvent.click(row("small finch").getByRole("button", { name: "Show" }));
  await userEvent.click(page.getByRole("radio", { name: "this run" }));
  await expect.element(page.getByRole("grid", { name: "Layers by modules. Arrow keys move.", exact: true })).toBeVisible();
  expect(here.host.querySelectorAll(".heatmap .cell")).toHaveLength(14);
  await userEvent.click(page.getByRole("gridcell", { name: /^layer 1, v_proj/ }));
  await userEvent.keyboard("4");
  expect(page.getByRole("dialog").elements()).toHaveLength(0);
  await userEvent.click(page.getByRole("radio", { name: "next run" }));
  await userEvent.click(page.getByRole("gridcell", { name: /^layer 1, v_proj/ }));
  await expect.element(page.getByRole("dialog", { name: "Layer 1 · v_proj" })).toBeVisible();
});

test("what was exported of a run is not said of the next", async () => {
  await open((session) => {
    let runs = 0;
    session.log = (config) => [{ type: "run", id: `${++runs}`, name: `run ${runs}` }, ...eventLog(config)];
  }, "?page=train");
  const trained = async (name: string) => {
    await userEvent.click(page.getByTestId("train"));
    await expect.element(page.getByRole("heading", { name })).toBeVisible();
    await expect.element(page.getByTestId("train")).toBeEnabled();
  };
  await trained("run 1");
  await userEvent.click(page.getByTestId("export"));
  await expect.element(page.getByText(/^adapter.zip, /)).toBeVisible();
  await trained("run 2");
  await expect.element(page.getByText(/^adapter.zip, /)).not.toBeInTheDocument();
});

test("six are compared at once, no more", async () => {
  await open((session) => {
    for (let i = 0; i < 6; i++) session.keep(`x${i}`, `run ${i}`, short, eventLog(short, 2));
  });
  await userEvent.fill(page.getByRole("searchbox"), "run ");
  await expect.poll(() => document.querySelectorAll("[data-testid=kept-run]").length).toBe(6);
  for (let i = 0; i < 6; i++) await userEvent.click(page.getByLabelText(`Compare run ${i}`));
  await userEvent.fill(page.getByRole("searchbox"), "");
  await userEvent.click(page.getByLabelText("Compare calm otter"));
  await expect.element(page.getByLabelText("Compare run 0")).not.toBeChecked();
  expect(document.querySelectorAll(".kept input:checked")).toHaveLength(6);
  await userEvent.fill(page.getByRole("searchbox"), "nobody");
  await expect.element(page.getByText(/No run has “nobody”/)).toBeVisible();
});

test("a run in another tab can be read only", async () => {
  await open((session) => session.keep("d", "far crane", first, eventLog(first, 6).slice(0, 60), { holder: "elsewhere", state: "running" }));
  await expect.element(row("far crane")).toHaveTextContent("in another tab");
  await userEvent.click(row("far crane").getByRole("button", { name: /More/ }));
  await expect.element(row("far crane").getByLabelText("Name")).toBeDisabled();
  await expect.element(row("far crane").getByRole("button", { name: "Delete" })).toBeDisabled();
  await expect.element(row("far crane").getByRole("button", { name: /Go on/ })).not.toBeInTheDocument();
});

test("the Train page says that a run was cut off; shown, it is as it was, and its weights come when they are asked for", async () => {
  const session = await open(() => {}, "?page=train");
  const banner = page.getByTestId("cut-off");
  await expect.element(banner).toHaveTextContent("quick owl was cut off at step 30 of 60.");
  await userEvent.click(banner.getByRole("button", { name: "Show" }));
  await expect.element(page.getByText(/quick owl, as it was/)).toBeVisible();
  await expect.element(page.getByTestId("train")).toBeEnabled();
  await expect.element(page.getByRole("button", { name: "Ask both" })).toBeDisabled();
  await userEvent.click(page.getByRole("button", { name: "Last state on the device" }));
  await expect.element(page.getByTestId("export")).toBeVisible();
  expect(session.calls).toEqual(["open c last"]);
});

test("while a comparison is under way nothing else can be started", async () => {
  const session = await open((of) => (of.runMs = 60_000), "?page=train");
  const to = (name: string) => userEvent.click(page.getByRole("link", { name, exact: true }));
  await to("Compare");
  await userEvent.click(page.getByTestId("new-comparison"));
  await userEvent.click(page.getByTestId("start-comparison"));
  await to("Device");
  await expect.element(page.getByTestId("benchmark")).toBeDisabled();
  await expect.element(page.getByTestId("isolate")).toBeDisabled();
  await to("Train");
  const banner = page.getByTestId("cut-off");
  await expect.element(banner.getByRole("button", { name: /Go on/ })).toBeDisabled();
  await userEvent.click(banner.getByRole("button", { name: "Show" }));
  const run = page.getByRole("region", { name: "quick owl" });
  for (const name of [/Go on/, "Last state on the device"]) await expect.element(run.getByRole("button", { name })).toBeDisabled();
  expect(session.calls).toEqual(["compare comparison 0"]);
});

test("a run that is on the device stays there when it is shown from the list", async () => {
  await open();
  await userEvent.click(row("quick owl").getByRole("button", { name: "Go on from step 25" }));
  await expect.element(page.getByTestId("export")).toBeVisible();
  await userEvent.click(page.getByRole("link", { name: "Runs", exact: true }));
  await userEvent.click(row("quick owl").getByRole("button", { name: "Show" }));
  await expect.element(page.getByTestId("export")).toBeVisible();
  expect(page.getByText(/quick owl, as it was/).elements()).toHaveLength(0);
});

test("a page that cannot be drawn says so, and the others go on", async () => {
  const complaints = vi.spyOn(console, "error").mockImplementation(() => {});
  await open((session) => session.keep("odd", "odd", { ...first, model: undefined! }, []), "?page=train");
  await userEvent.click(page.getByRole("link", { name: "Runs", exact: true }));
  await expect.element(page.getByRole("alert")).toHaveTextContent(text.fault.page);
  await userEvent.click(page.getByRole("link", { name: "Train", exact: true }));
  await expect.element(page.getByTestId("train")).toBeEnabled();
  complaints.mockRestore();
});

test("the title shows progress while it trains", async () => {
  await open(() => {}, "?page=train");
  await userEvent.click(page.getByTestId("train"));
  await expect.poll(() => document.title, { timeout: 10_000 }).toMatch(/^\d+\/120 training · Rankscope$/);
  await userEvent.click(page.getByTestId("stop"));
  await expect.poll(() => document.title).toBe("Rankscope");
});
