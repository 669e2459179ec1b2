// ui-learn.test.tsx — the lesson over a replayed session: a setup without ranks takes the first run's, and a budget that stays is asked about once;
// an experiment that is stopped half-way shows nothing, and the page goes on.
import { createRoot } from "react-dom/client";
import { expect, test } from "vitest";
import { page } from "vitest/browser";
import { ErrorBoundary } from "../../src/ui/error-boundary.tsx";
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

/** A session that is stopped after the first of several scores, or whose scores after the first fail. */
function scoringOnlyTheFirst(failed?: string): ReplaySession {
  const session = new ReplaySession(20);
  const { score } = session;
  session.score = async (config, [name, ...others], onProgress) => ({
    ...(await score.call(session, config, [name], onProgress))!,
    ...(failed && { failed: Object.fromEntries(others.map((other) => [other, failed])) }),
  });
  return session;
}

test("stopped half-way, an experiment shows nothing, and its second half does not begin", async () => {
  const session = scoringOnlyTheFirst();
  shown.show(session, "?page=learn");
  await page.getByTestId("experiment-proxy").click();
  await expect.element(page.getByTestId("experiment-proxy")).toHaveTextContent("Run the experiment");
  await page.getByTestId("experiment-zero").click();
  await expect.element(page.getByTestId("experiment-zero")).toHaveTextContent("Run the experiment");
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(session.calls).toEqual(["score grad-norm", "score snip"]);
  await expect.element(page.getByTestId("lesson-proxy-result")).not.toBeInTheDocument();
  await expect.element(page.getByRole("heading", { name: "Where should the rank go?" })).toBeVisible();
});

test("a score that fails is told, and nothing is compared with it", async () => {
  shown.show(scoringOnlyTheFirst("SNIP is not finite"), "?page=learn");
  await page.getByTestId("experiment-proxy").click();
  await expect.element(page.getByRole("alert")).toHaveTextContent("snip: SNIP is not finite.");
  await expect.element(page.getByTestId("lesson-proxy-result")).not.toBeInTheDocument();
});

test("scores that are all 0 hold no share of their sum; an allocation that fails is told", async () => {
  const session = new ReplaySession(20);
  const { score } = session;
  session.score = async (...asked) => {
    const answer = (await score.apply(session, asked))!;
    return { ...answer, scores: Object.fromEntries(asked[1].map((name) => [name, answer.sites.map(() => 0)])) };
  };
  session.allocate = async () => Promise.reject(new Error("the worker is gone"));
  shown.show(session, "?page=learn");
  await page.getByTestId("experiment-proxy").click();
  await expect.element(page.getByTestId("lesson-budget-said")).toHaveTextContent("with 0 % of the score");
  await expect.element(page.getByTestId("lesson-proxy-result")).toHaveTextContent("holds 0 % of all the score");
  await expect.element(page.getByRole("alert")).toHaveTextContent("the worker is gone");
});

test("a page that cannot be drawn says why, and is shown again", async () => {
  let broken = true;
  const Page = () => {
    if (broken) throw new Error("no such proxy");
    return <p>the lesson</p>;
  };
  const host = document.body.appendChild(document.createElement("div"));
  const root = createRoot(host);
  root.render(
    <ErrorBoundary>
      <Page />
    </ErrorBoundary>,
  );
  await expect.element(page.getByRole("alert")).toHaveTextContent("This page cannot be shown: no such proxy");
  broken = false;
  await page.getByRole("button", { name: "Show the page again" }).click();
  await expect.element(page.getByText("the lesson")).toBeVisible();
  root.unmount();
  host.remove();
});
