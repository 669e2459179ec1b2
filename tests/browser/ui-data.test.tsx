// Where the data comes from: what may be chosen for it is of the task that is set.
import { expect, test } from "vitest";
import { page, userEvent } from "vitest/browser";
import { text } from "../../src/ui/strings.ts";
import { mounted } from "../harness/mounted.tsx";

const here = mounted();

test("rows to evaluate on are of the task, and none that nobody chose", async () => {
  const options = () => {
    const lists = [...here.host.querySelectorAll("select")].map((list) => [...list.options].map((option) => option.text));
    return lists.find(([first]) => first === text.data.noEvaluation)!.slice(1);
  };
  await here.open();
  expect(options()).toEqual(["tales-qa"]);
  await userEvent.selectOptions(page.getByTestId("data-select"), "bundled:paraphrase");
  await expect.poll(options).toEqual(["Same meaning?"]);
});
