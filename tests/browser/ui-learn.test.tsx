// ui-learn.test.tsx — the lesson over a replayed session: a setup without ranks takes the first run's, and a budget that stays is asked about once.
import { expect, test } from "vitest";
import { page } from "vitest/browser";
import { mounted } from "../harness/mounted.tsx";
import { ReplaySession } from "../ui/fixture.ts";

const shown = mounted();

test("a budget that nobody moves is not asked about again, whatever the setup trains", async () => {
  const session = new ReplaySession(20);
  const asked: number[] = [];
  const { allocate } = session;
  session.allocate = (config, scores) => {
    if (config.allocation && "share" in config.allocation.budget) asked.push(config.allocation.budget.share);
    return allocate.call(session, config, scores);
  };
  shown.show(session, "?page=learn#method=full&target_modules=all");
  await expect.element(page.getByText("The setup trains whole matrices")).toBeVisible();
  await page.getByTestId("experiment-proxy").click();
  await expect.element(page.getByTestId("lesson-budget-said")).toHaveTextContent("modules are on");
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(asked).toEqual([0.25]);
  const slider = page.getByTestId("lesson-share").element() as HTMLInputElement;
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")!.set!.call(slider, "0.5");
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  await expect.poll(() => asked).toEqual([0.25, 0.5]);
});
