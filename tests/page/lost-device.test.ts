// lost-device.test.ts — the browser's graphics process crashes under a run of the built page: it goes on with a new device, and says so.

import { expect, test } from "vitest";
import { builtPage } from "../harness/built-page.ts";

const open = builtPage();
const hash =
  "?backend=webgpu#train.steps=500&train.batch_size=1&target_modules=v_proj&data.max_length=48&data.limit=60" +
  "&train.eval_every=0&train.eval_rows=1&train.samples_every=0&train.checkpoint_seconds=1";

test("the run goes on from its last state", async () => {
  const { page } = await open(hash);
  const step = async (): Promise<number> => Number(await page.getByTestId("step-value").textContent());
  await page.getByTestId("train").and(page.locator(":enabled")).click();
  await expect.poll(step, { timeout: 200_000 }).toBeGreaterThan(2);
  const devtools = await page.context().browser()!.newBrowserCDPSession();
  await devtools.send("Browser.crashGpuProcess");
  await page.getByText(/the device was lost .* The run goes on/).waitFor({ timeout: 60_000 });
  const from = await step();
  await expect.poll(step, { timeout: 200_000 }).toBeGreaterThan(from + 1);
  await page.getByTestId("stop").click();
  await expect.poll(() => page.getByTestId("train").isEnabled(), { timeout: 60_000 }).toBe(true);
  await page.context().close();
});
