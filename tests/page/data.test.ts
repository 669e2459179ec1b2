// data.test.ts — one's own data on the built page in a real Chromium: given, recognised, mapped and remembered, previewed, trained on.
import { gzipSync } from "node:zlib";
import type { Page } from "playwright";
import { expect, test } from "vitest";
import { violations } from "../harness/axe.ts";
import { builtPage } from "../harness/built-page.ts";

const built = builtPage();
/** Whatever the machine has to do beside. */
const soon = <T>(look: () => Promise<T>) => expect.poll(look, { timeout: 60_000 });
const wasm = "?backend=wasm";

async function open(address = wasm, options: Parameters<typeof built>[1] = {}): ReturnType<typeof built> {
  const opened = await built(address, options);
  await opened.page.getByTestId("train").and(opened.page.locator(":enabled")).waitFor();
  return opened;
}

/** By the picker beside the title of a field. */
async function give(page: Page, name: string, body: string | Uint8Array, title = "Data"): Promise<void> {
  const chooser = page.waitForEvent("filechooser");
  await page.locator(".field-head", { has: page.getByText(title, { exact: true }) }).getByRole("button", { name: "Open file…" }).click(); // prettier-ignore
  await (await chooser).setFiles({ name, mimeType: "text/plain", buffer: Buffer.from(body) });
  await soon(() => page.getByTestId("data-select").inputValue()).toContain(title === "Data" ? name : "file:");
}

const preview = (page: Page) => page.getByTestId("data-preview");
const trained = (page: Page): Promise<string> => preview(page).locator(".rows li").first().locator(".token.trained").allTextContents().then((parts) => parts.join("")); // prettier-ignore
const summary = (page: Page) => preview(page).locator(".mapping summary");
/** The form below it; it may have opened by itself. */
const unfold = async (page: Page): Promise<void> => {
  if (!(await preview(page).locator(".mapping").evaluate((details) => (details as HTMLDetailsElement).open))) await summary(page).click(); // prettier-ignore
};
const qa = Array.from({ length: 60 }, (_, i) => ({ instruction: `What color is ball ${i % 42}?`, context: "", response: ["red", "blue", "green"][i % 3] }));
const jsonl = qa.map((row) => JSON.stringify(row)).join("\n");

test("recognised by its columns, written by a template, previewed page by page", async () => {
  const { page, said } = await open();
  await give(page, "dolly.jsonl.gz", gzipSync(`${jsonl}\n{broken`));
  await soon(() => summary(page).textContent()).toContain("read as Instruction and output · template: the model's own");
  expect(await trained(page)).toBe("red<|im_end|><|endoftext|>");
  expect(await preview(page).textContent()).toContain("54 rows to train on, 6 held out");
  expect(await preview(page).textContent()).toMatch(/\d+ training rows are the same as an earlier one/);
  expect(await preview(page).locator(".wrong-rows").textContent()).toMatch(/1 row left out.*line 61 is not JSON/s);

  const first = await preview(page).locator(".rows li").first().textContent();
  await page.getByRole("button", { name: "Later rows" }).click();
  await preview(page).getByText("Rows 9 to 16 of 54").waitFor();
  expect(await preview(page).locator(".rows li").first().textContent()).not.toBe(first);
  await page.getByRole("button", { name: "Earlier rows" }).click();
  await preview(page).getByText("Rows 1 to 8 of 54").waitFor();

  await unfold(page);
  await page.getByLabel("System prompt", { exact: true }).fill("Be kind.");
  await page.getByRole("button", { name: "Apply" }).click();
  await page.getByLabel("Chat template", { exact: true }).selectOption("plain");
  await soon(() => preview(page).locator(".rows li").first().textContent()).toMatch(/Be kind\..*User: What color is ball 0\?↵\s*Assistant: red/s);
  await page.getByLabel("Chat template", { exact: true }).selectOption({ label: "one of my own (Jinja)" });
  await page
    .getByLabel("Template in Jinja")
    .fill("{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}");
  await page.getByRole("button", { name: "Apply" }).click();
  await soon(() => preview(page).locator(".rows li").first().textContent()).toContain("<system>Be kind.<user>What color is ball 0?<assistant>red");
  expect(await trained(page)).toBe("red<|endoftext|>");
  expect(decodeURIComponent(new URL(page.url()).hash)).toContain("data.system=Be+kind.");

  for (const [template, problem] of [
    ["{% for m in messages %}", "is no Jinja template"],
    ["{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", "it seems to go on forever"],
    ["{{ raise_exception('never') }}", "the template (your own) never"],
  ]) {
    await page.getByLabel("Template in Jinja").fill(template);
    await page.getByRole("button", { name: "Apply" }).click();
    await preview(page).getByRole("alert").getByText(problem).waitFor();
    expect(await page.getByTestId("train").isDisabled()).toBe(true);
  }
  await page.getByLabel("Chat template", { exact: true }).selectOption("auto");
  await soon(() => page.getByTestId("train").isEnabled()).toBe(true);
  expect(said).toEqual([]);
});

test("columns that are unclear are asked for, and remembered for the next file that has them", async () => {
  const table = `frage,antwort,nr\n${qa.map(({ instruction, response }, i) => `${instruction},${response},${i}`).join("\n")}`;
  const { page, said } = await open();
  await give(page, "fragen.csv", table);
  await preview(page).getByText("The columns are unclear. Say what they hold:").waitFor();
  expect(await page.getByTestId("train").isDisabled()).toBe(true);
  await page.getByLabel("Rows are").selectOption({ label: "Instruction and output" });
  await page.getByLabel("instruction", { exact: true }).selectOption("frage");
  await page.getByLabel("output", { exact: true }).selectOption("antwort");
  await soon(() => summary(page).textContent()).toContain("read as Instruction and output");
  expect(await preview(page).textContent()).toContain("e.g. What color is ball 0?");
  expect(await trained(page)).toBe("red<|im_end|><|endoftext|>");
  expect(decodeURIComponent(new URL(page.url()).hash)).toContain('data.columns={"instruction":"frage","output":"antwort"}');

  // another visit, another file with the same columns
  await page.goto(page.url().replace(/#.*/, ""));
  await page.reload();
  await page.getByTestId("train").and(page.locator(":enabled")).waitFor();
  await give(page, "mehr.csv", table);
  await soon(() => summary(page).textContent()).toContain("read as Instruction and output");
  // forgotten where it is left to the columns again
  await unfold(page);
  await page.getByLabel("Rows are").selectOption("auto");
  await preview(page).getByText("The columns are unclear").waitFor();
  await give(page, "noch.csv", table);
  await preview(page).getByText("The columns are unclear").waitFor();
  expect(said).toEqual([]);
});

test("labels: classes of a classifier, or written as text; rows of their own to evaluate on", async () => {
  const table = `text,label\n${qa.map(({ instruction }, i) => `${instruction},${i % 2 ? "good" : "bad"}`).join("\n")}`;
  const { page, said } = await open();
  await give(page, "reviews.csv", table);
  await soon(() => preview(page).locator(".token.label").first().textContent()).toBe("bad");
  await unfold(page);
  await page.getByLabel("Labels are").selectOption("causal-lm");
  await soon(() => trained(page)).toBe(" bad<|endoftext|>");
  await page.getByText("More settings").click();
  await give(page, "other.csv", "text,label\na film,good\nthe end,bad\n", "Evaluation data");
  await preview(page).getByText("60 rows to train on, 2 held out").waitFor();
  expect(said).toEqual([]);
});

test("pasted rows are trained on; what is asked goes through the template", async () => {
  const { page, said } = await open(
    `${wasm}#train.steps=2&train.batch_size=2&train.eval_rows=2&train.eval_every=0&train.samples_every=0&train.group_by_length=true&data.max_length=64`,
  );
  await page.getByRole("button", { name: "Paste text" }).click();
  await page.getByLabel("Rows", { exact: true }).fill(qa.map(({ instruction, response }) => JSON.stringify({ messages: [{ role: "user", content: instruction }, { role: "assistant", content: response }] })).join("\n")); // prettier-ignore
  await page.getByRole("button", { name: "Use it" }).click();
  await soon(() => page.getByTestId("data-select").inputValue()).toBe("file:pasted");
  await soon(() => summary(page).textContent()).toContain("read as Messages");
  await page.getByTestId("train").click();
  await soon(async () => Number(await page.getByTestId("step-value").textContent())).toBe(2);
  await soon(() => page.getByTestId("train").isEnabled()).toBe(true);
  // what is shown of a sample is the question, not how the template writes it
  expect(await page.getByTestId("samples").textContent()).toContain("What color is ball");
  expect(await page.getByTestId("samples").textContent()).not.toContain("im_start");
  await page.getByLabel("Your prompt").fill("What color is ball 1?");
  await page.getByRole("button", { name: "Ask both" }).click();
  await page.getByRole("button", { name: "Ask both" }).and(page.locator(":enabled")).waitFor();
  expect(said).toEqual([]);
});

test("axe has nothing to say about the form and the dialog", async () => {
  const { page } = await open();
  await give(page, "fragen.csv", "frage,antwort\na,b\n");
  await preview(page).getByText("The columns are unclear").waitFor();
  expect(await violations(page)).toEqual([]);
  await give(page, "dolly.jsonl", jsonl);
  await soon(() => summary(page).textContent()).toContain("read as Instruction and output");
  await page.getByLabel("Chat template", { exact: true }).selectOption({ label: "one of my own (Jinja)" });
  await page.setViewportSize({ width: 400, height: 800 });
  expect(await violations(page)).toEqual([]);
  await page.getByRole("button", { name: "Paste text" }).click();
  expect(await violations(page)).toEqual([]);
});

test("a large file: how far it is, above Train and in the preview; gone back to another, it is given up", async () => {
  const { page, said } = await open();
  const large = Array.from({ length: 30_000 }, (_, i) => JSON.stringify({ prompt: `Where did the little red fox number ${i} go?`, completion: ` To river ${i}.` })); // prettier-ignore
  const encoding = preview(page).getByRole("progressbar", { name: "encoding rows" });
  await give(page, "large.jsonl", large.join("\n"));
  await encoding.waitFor();
  await soon(() => page.locator(".start").textContent()).toMatch(/Encoding rows, \d+ %/);
  await page.getByTestId("data-select").selectOption("bundled:tales-qa");
  await encoding.waitFor({ state: "detached" });
  await soon(() => preview(page).textContent()).not.toContain("27,000");
  await page.getByTestId("data-select").selectOption("file:large.jsonl");
  await soon(() => preview(page).textContent()).toContain("27,000 rows to train on, 3,000 held out");
  expect(said).toEqual([]);
  await page.context().close();
});
