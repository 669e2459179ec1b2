// shortcuts.test.ts — the built page in a real Chromium: a run with shortcuts, their columns on the map, an export that holds them, and one that does
// not, after a question.

import { readFile } from "node:fs/promises";
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright";
import { expect, test } from "vitest";
import { readAdapter } from "../../src/formats/peft.ts";
import { readShortcuts } from "../../src/formats/shortcuts.ts";
import { readZip } from "../../src/formats/zip.ts";
import { builtPage } from "../harness/built-page.ts";

const built = builtPage();

/** All on, two steps, little to evaluate. */
const allocation = { proxy: "constant", budget: { share: 1 }, shortcuts: "combined", shortcut_r: 4 };
const hash = `#train.steps=2&train.eval_every=0&train.samples_every=0&train.eval_rows=2&train.batch_size=2&target_modules=v_proj&allocation=${encodeURIComponent(JSON.stringify(allocation))}`;

async function saved(page: Page, button: string): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const download = page.waitForEvent("download");
  await page.getByTestId(button).click();
  return readZip(new Uint8Array(await readFile(await (await download).path())));
}

test("shortcuts from the form to the zip", async () => {
  const { page, said } = await built(hash);
  await page.getByTestId("train").and(page.locator(":enabled")).waitFor();
  await expect
    .poll(() => page.getByTestId("preflight").textContent(), { timeout: 60_000 })
    .toContain(`${(6 * 8 * (192 + 64) + 23 * 4 * 384).toLocaleString("en")} of`);
  for (const name of ["residual_1", "residual_2", "shortcut_sa", "shortcut_ffn"])
    expect(await page.getByTestId("rank-heatmap").getByTitle(name, { exact: true }).count(), name).toBe(1);
  await page.getByTestId("train").click();
  await expect.poll(() => page.getByTestId("train").isEnabled(), { timeout: 200_000 }).toBe(true);
  await expect.poll(() => page.getByTestId("step-value").textContent()).toBe("2");

  const zip = await saved(page, "export");
  expect([...zip.keys()]).toEqual(expect.arrayContaining(["adapter/adapter_config.json", "load_shortcuts.py", "shortcuts.json", "shortcuts.safetensors"]));
  const { modules, form } = await readShortcuts(zip);
  expect([form, modules.size]).toEqual(["plain", 23]);
  expect(modules.get("model.layers.5.shortcut_ffn")!.B.data.some((b) => b !== 0)).toBe(true);

  await page.getByTestId("export-peft").click();
  const dialog = page.getByRole("dialog", { name: "Leave the shortcuts out?" });
  await dialog.getByText("lacks the 23 that this run trained").waitFor();
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map((v) => v.id)).toEqual([]);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  await page.getByTestId("export-peft").focus();
  await page.keyboard.press("Enter");
  await dialog.waitFor();
  const bare = await saved(page, "export-bare");
  expect([...bare.keys()].sort()).toEqual(["adapter_config.json", "adapter_model.safetensors"]);
  expect((await readAdapter(bare)).modules.size).toBe(6);
  expect(said).toEqual([]);
  await page.close();
});
