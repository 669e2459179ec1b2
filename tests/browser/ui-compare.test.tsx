// The Compare page over comparisons in memory: what is typed, what is put out of it by an edit, and what another tab has under way.
import { expect, test } from "vitest";
import { page, userEvent } from "vitest/browser";
import { text } from "../../src/ui/strings.ts";
import { mounted } from "../harness/mounted.tsx";
import { ReplaySession } from "../ui/fixture.ts";

const here = mounted();
const words = text.comparison;

async function open(): Promise<ReplaySession> {
  const session = new ReplaySession(5);
  here.show(session, "?page=compare");
  await userEvent.click(page.getByTestId("new-comparison"));
  await expect.element(page.getByTestId("start-comparison")).toBeEnabled();
  return session;
}

test("a file of test rows may have a space in its name", async () => {
  const session = await open();
  const rows = page.getByPlaceholder("file:test.tsv");
  await userEvent.type(rows, "file:my test.tsv ");
  await expect.element(rows).toHaveValue("file:my test.tsv ");
  await userEvent.tab();
  await expect.element(rows).toHaveValue("file:my test.tsv");
  await expect.poll(() => session.records[0].comparison.test).toBe("file:my test.tsv");
});

test("an edit that puts finished runs out of the comparison says so, and is taken back", async () => {
  await open();
  await userEvent.click(page.getByTestId("start-comparison"));
  await expect.element(page.getByText(words.allThere)).toBeVisible();
  await userEvent.click(page.getByRole("button", { name: words.settingsOf("uniform r = 2") }));
  await userEvent.fill(page.getByLabelText(words.nameOfArm), "uniform");
  const hidden = page.getByText(words.hidden(2));
  await expect.element(hidden).toBeVisible();
  await userEvent.click(page.getByRole("button", { name: words.undo }));
  await expect.element(hidden).not.toBeInTheDocument();
  await expect.element(page.getByText(words.allThere)).toBeVisible();
});

test("runs of rows that are no longer there are told, and run anew", async () => {
  const session = await open();
  await userEvent.click(page.getByTestId("start-comparison"));
  await expect.element(page.getByText(words.allThere)).toBeVisible();
  session.moved = 3;
  await userEvent.fill(page.getByLabelText(words.name, { exact: true }), "mine");
  await expect.element(page.getByText(words.moved(3))).toBeVisible();
  await expect.element(page.getByTestId("start-comparison")).toHaveTextContent(words.goOn(3));
  await userEvent.click(page.getByTestId("start-comparison"));
  await expect.element(page.getByText(words.allThere)).toBeVisible();
});

test("what another tab has under way is read only, and free again when it is let go", async () => {
  const session = await open();
  const seeds = page.getByTestId("comparison-seeds");
  await expect.element(seeds).toBeEnabled();
  const { id } = session.records[0];
  session.elsewhere = id;
  // Shown again, the page looks who has it.
  const visit = async () => {
    await userEvent.click(page.getByRole("link", { name: "Runs", exact: true }));
    await userEvent.click(page.getByRole("link", { name: "Compare", exact: true }));
  };
  await visit();
  for (const one of [seeds, page.getByLabelText(words.name, { exact: true }), page.getByRole("button", { name: words.useBase })])
    await expect.element(one).toBeDisabled();
  session.elsewhere = "";
  await visit();
  await expect.element(seeds).toBeEnabled();
});
