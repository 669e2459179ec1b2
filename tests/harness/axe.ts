// axe.ts — what axe finds wrong with a page of a real Chromium: light, dark and in forced colours.
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright";

const looks = [
  { colorScheme: "light", forcedColors: "none" },
  { colorScheme: "dark", forcedColors: "none" },
  { colorScheme: "dark", forcedColors: "active" },
] as const;

/** Violations of what the page shows now, in each look, or the first `count` of them: "light …: color-contrast .cell …". */
export async function violations(page: Page, count = page.viewportSize()!.width > 600 ? 3 : 2): Promise<string[]> {
  const found: string[] = [];
  // Forced colours do not depend on the width.
  for (const look of looks.slice(0, count)) {
    await page.emulateMedia(look);
    const results = await new AxeBuilder({ page }).analyze();
    for (const { id, nodes } of results.violations)
      found.push(
        `${look.colorScheme}, forced colours ${look.forcedColors}: ${id} ${nodes.map((node) => `${node.target.join(" ")} (${node.failureSummary})`).join("; ")}`,
      );
  }
  return found;
}
