// learn.test.ts — the lesson on the built page in a real Chromium: its experiments run on the bundled model and show what the text claims, the budget
// moves the map, and the way to the Train page brings the settings along.
import { AxeBuilder } from "@axe-core/playwright";
import { expect, test } from "vitest";
import { builtPage } from "../harness/built-page.ts";

const open = builtPage();

test("the lesson measures what it claims, and leads to training", async () => {
  const { page, said } = await open("?page=learn&backend=wasm#train.batch_size=2&target_modules=q_proj,v_proj", { reducedMotion: "reduce" });

  await page.getByTestId("experiment-proxy").and(page.locator(":enabled")).click({ timeout: 60_000 });
  await expect.poll(() => page.getByTestId("lesson-proxy-result").textContent(), { timeout: 120_000 }).toMatch(/Rank correlation of the two: (0|1|−|-)/);

  await page.getByTestId("experiment-zero").and(page.locator(":enabled")).click({ timeout: 60_000 });
  const claim = page.getByTestId("lesson-zero-said");
  await expect.poll(() => claim.textContent(), { timeout: 120_000 }).toContain("All 0");
  await page.getByRole("radio", { name: "GraSP" }).click();
  expect(await claim.textContent()).toContain("0 or below");
  await page.getByRole("radio", { name: "Gradient norm" }).click();
  expect(await claim.textContent()).toContain("does not need B");

  const buys = page.getByTestId("lesson-budget-said");
  await expect.poll(() => buys.textContent(), { timeout: 20_000 }).toMatch(/^3 of 12 modules are on/);
  await page.getByTestId("lesson-share").fill("0.5");
  await expect.poll(() => buys.textContent(), { timeout: 20_000 }).toMatch(/^6 of 12 modules are on/);
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);

  await page.getByTestId("lesson-train").click();
  await page.getByTestId("train").and(page.locator(":enabled")).waitFor({ timeout: 60_000 });
  expect(await page.getByTestId("allocation").isChecked()).toBe(true);
  await expect.poll(() => new URL(page.url()).hash).toContain("allocation=");
  expect(said).toEqual([]);
  await page.context().close();
});
