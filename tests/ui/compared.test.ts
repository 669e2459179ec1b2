// The state of the Compare page over a session in memory: made, edited and kept, arms taken from the form, run, stopped, deleted and taken back.
import { expect, test, vi } from "vitest";
import { createCompared, fixed } from "../../src/ui/compare/store.ts";
import { setField } from "../../src/ui/fields.ts";
import { createStudio } from "../../src/ui/store.ts";
import { ReplaySession, catalogue, first } from "./fixture.ts";

function opened() {
  const session = new ReplaySession(1);
  const studio = createStudio(session, catalogue, first);
  const compared = createCompared(session, studio);
  return { session, studio, compared };
}
const settle = () => vi.waitFor(() => new Promise((resolve) => setTimeout(resolve, 500)), { timeout: 2000 });

test("a new comparison is kept, checked and shown; an edit is kept a moment later", async () => {
  const { session, compared } = opened();
  await compared.getState().refresh();
  expect(compared.getState()).toMatchObject({ kept: [], draft: null });
  await compared.getState().create();
  const { draft, said } = compared.getState();
  expect(draft!.arms.map((a) => a.name)).toEqual(["uniform r = 2", "static grad-norm", "dynamic grad-norm", "full fine-tuning"]);
  expect(said).toEqual([expect.stringContaining("modules of one size")]);
  await vi.waitFor(() => expect(compared.getState().presets.map((p) => p.name)).toContain("random"));
  expect(session.records).toHaveLength(1);

  compared.getState().edit({ seeds: [0, 1, 2] });
  compared.getState().rename("mine");
  expect(session.records[0].comparison.seeds).toEqual([0, 1]);
  await settle();
  expect(session.records[0]).toMatchObject({ name: "mine", comparison: { seeds: [0, 1, 2] } });
  expect(compared.getState().summary!.wanted).toBe(12);

  // What does not read as a comparison is told, and what was kept stays.
  compared.getState().changeArm(0, { name: "static grad-norm" });
  await settle();
  expect(compared.getState().check!.problems[0].where).toBe("arms");
  expect(session.records[0].comparison.arms[0].name).toBe("uniform r = 2");
});

test("an edit that is not kept is told, and not run; what another tab has under way is shown as it is there", async () => {
  const { session, studio, compared } = opened();
  await compared.getState().create();
  const { id, draft } = compared.getState();
  session.full = true;
  compared.getState().edit({ seeds: [0] });
  await settle();
  expect(studio.getState().faults).toMatchObject([{ what: "there is no room" }]);
  expect(compared.getState().draft!.seeds).toEqual([0]);
  await compared.getState().run();
  expect(session.calls).toEqual([]);

  session.full = false;
  session.elsewhere = id!;
  await compared.getState().refresh();
  expect(compared.getState().draft).toEqual(draft);
  expect(fixed(compared.getState())).toBe(true);
  // Begun there a moment before.
  session.elsewhere = "";
  await compared.getState().refresh();
  expect(fixed(compared.getState())).toBe(false);
  session.elsewhere = id!;
  compared.getState().rename("mine");
  await settle();
  expect(studio.getState().faults.at(-1)).toMatchObject({ what: "is under way" });
  expect(compared.getState()).toMatchObject({ name: session.records[0].name });
  expect(fixed(compared.getState())).toBe(true);
});

test("edits that finished runs are no part of lead back to them, until others are run", async () => {
  const { compared } = opened();
  await compared.getState().create();
  await compared.getState().run();
  const { draft } = compared.getState();
  expect(compared.getState().summary!.finished).toBe(8);
  for (const name of ["uniform, r = 2", "uniform, rank 2"]) {
    compared.getState().changeArm(0, { name });
    await settle();
  }
  expect(compared.getState()).toMatchObject({ before: { draft, finished: 8 }, summary: { finished: 6 } });
  compared.getState().undo();
  await settle();
  expect(compared.getState()).toMatchObject({ draft, before: null, summary: { finished: 8 } });
  compared.getState().edit({ base: { ...draft!.base, r: 4 } });
  await settle();
  expect(compared.getState()).toMatchObject({ before: { draft, finished: 8 }, summary: { finished: 2 } });
  await compared.getState().run();
  expect(compared.getState()).toMatchObject({ before: null, summary: { finished: 8 } });
});

test("the settings of the Train page become an arm, or the base; an arm goes to the Train page", async () => {
  const { studio, compared } = opened();
  await compared.getState().create();
  studio.setState({ config: setField(setField(setField(first, "r", 2), "train.seed", 9), "data.limit", 5) });
  await compared.getState().takeArm(null);
  const own = compared.getState().draft!.arms.at(-1)!;
  expect(own).toMatchObject({ name: "own settings", config: { r: 2 }, reference: false });
  expect(own.config).not.toHaveProperty("data");
  expect(compared.getState().said).toEqual([expect.stringContaining("data")]);
  await compared.getState().takeArm(null);
  expect(compared.getState().draft!.arms.at(-1)!.name).toBe("own settings 2");
  await compared.getState().takeBase();
  expect(compared.getState().draft!.base).toMatchObject({ r: 2, data: { limit: 5 } });
  await compared.getState().showArm("dynamic grad-norm");
  expect(studio.getState().config.allocation).toMatchObject({ when: "dynamic", budget: { modules: 3 } });
});

test("the queue: results as they come, the other pages wait, stop keeps what is there; deleting can be taken back", async () => {
  const { session, studio, compared } = opened();
  await compared.getState().create();
  session.runMs = 20;
  session.failing = "static grad-norm";
  const run = compared.getState().run();
  await vi.waitFor(() => expect(compared.getState().summary!.finished).toBeGreaterThan(0));
  expect(studio.getState().comparing).toBe(true);
  await studio.getState().train();
  expect(session.calls).not.toContain("train");
  await studio.getState().stop();
  await run;
  expect(compared.getState()).toMatchObject({ running: false, progress: null });
  expect(studio.getState().comparing).toBe(false);
  const after = compared.getState().summary!.finished;
  expect(after).toBeLessThan(6);
  session.runMs = 0;
  await compared.getState().run();
  const { summary } = compared.getState();
  expect(summary).toMatchObject({ finished: 6, wanted: 8 });
  expect(summary!.arms[1].failed.map((f) => f.seed)).toEqual([0, 1]);
  expect(summary!.notes.join()).toContain("static grad-norm, seed 0, failed: At step 3 the loss is NaN.");

  const { id } = compared.getState();
  await compared.getState().remove();
  expect(compared.getState()).toMatchObject({ draft: null, gone: { id } });
  await compared.getState().takeBack();
  expect(compared.getState()).toMatchObject({ id, gone: null, summary: { finished: 6 } });
});
