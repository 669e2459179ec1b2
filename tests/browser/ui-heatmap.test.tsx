// The map of ranks by keyboard: arrows move one tab stop, digits and Enter open a rank, Escape gives the focus back.
import { beforeEach, expect, test } from "vitest";
import { page, userEvent } from "vitest/browser";
import { mounted } from "../harness/mounted.tsx";
import { ReplaySession } from "../ui/fixture.ts";

const here = mounted();
const focused = () => document.activeElement?.getAttribute("aria-label") ?? "";
const cell = (at: string) => here.host.querySelector<HTMLElement>(`[data-cell="${at}"]`)!;

beforeEach(async () => {
  here.show(new ReplaySession());
  await expect.element(page.getByRole("grid")).toBeVisible();
});

test("one tab stop; arrows, Home and End move and stop at the edges", async () => {
  expect(here.host.querySelectorAll('[role=gridcell][tabindex="0"]')).toHaveLength(1);
  cell("0,0").focus();
  expect(focused()).toBe("layer 0, q_proj: rank 8, 3,072 parameters");
  await userEvent.keyboard("{ArrowRight}{ArrowDown}{ArrowDown}");
  expect(focused()).toMatch(/^layer 2, k_proj/);
  await userEvent.keyboard("{End}");
  expect(focused()).toMatch(/^layer 2, down_proj/);
  await userEvent.keyboard("{ArrowRight}");
  expect(focused()).toMatch(/^layer 2, down_proj/);
  await userEvent.keyboard("{Control>}{End}{/Control}{ArrowDown}");
  expect(focused()).toMatch(/^layer 5, down_proj/);
  expect(here.host.querySelectorAll('[role=gridcell][tabindex="0"]')).toHaveLength(1);
});

test("a digit begins a rank, Enter sets it, the focus comes back and the address holds it", async () => {
  cell("3,2").focus();
  await userEvent.keyboard("1");
  await userEvent.keyboard("6{Enter}");
  await expect.poll(focused, { timeout: 10_000 }).toMatch(/^layer 3, v_proj: rank 16, 4,096 parameters/);
  await expect.poll(() => new URLSearchParams(location.hash.slice(1)).get("rank_pattern"), { timeout: 10_000 }).toBe('{"model.layers.3.self_attn.v_proj":16}');
});

test("Enter opens, Escape closes without a change", async () => {
  cell("1,0").focus();
  await userEvent.keyboard("{Enter}");
  await expect.element(page.getByRole("dialog", { name: "Layer 1 · q_proj" })).toBeVisible();
  await userEvent.keyboard("{Escape}");
  await expect.poll(focused, { timeout: 10_000 }).toMatch(/^layer 1, q_proj: rank 8/);
});

test("a rank above the matrix is refused with the range", async () => {
  cell("0,1").focus();
  await userEvent.keyboard("6");
  await userEvent.keyboard("5");
  await expect.element(page.getByText("A whole number from 0 (off) to 64.")).toBeVisible();
  await expect.element(page.getByRole("button", { name: "Set", exact: true })).toBeDisabled();
  await userEvent.keyboard("{Escape}");
});

test("off for a whole column, and the toggle in the form follows", async () => {
  await userEvent.click(page.getByRole("gridcell", { name: /^layer 0, o_proj/ }));
  await userEvent.click(page.getByRole("radio", { name: "the column" }));
  await userEvent.click(page.getByRole("button", { name: "off", exact: true }));
  await expect.poll(() => cell("5,3").getAttribute("aria-label"), { timeout: 10_000 }).toBe("layer 5, o_proj: off, 0 parameters");
  await expect.element(page.getByRole("button", { name: "o", exact: true })).toHaveAttribute("aria-pressed", "false");
});

test("the table holds the same places", async () => {
  await userEvent.click(page.getByRole("button", { name: "Table" }));
  await expect.poll(() => here.host.querySelectorAll(".rank table.sites tbody tr").length, { timeout: 10_000 }).toBe(42);
});
