// The device and its benchmark as text: every figure under its group, in columns.
import { expect, test } from "vitest";
import { reportText } from "../../src/ui/report.ts";
import { benchmarkRows, device } from "./fixture.ts";

test("names the device, then the groups of figures in columns", () => {
  const lines = reportText(device, { name: "webgpu", why: device.adapter }, benchmarkRows, "A browser").split("\n");
  expect(lines).toContain("Your configuration runs on: WebGPU · apple · metal-3 · M2");
  expect(lines).toContain("Browser: A browser");
  const kernels = lines.indexOf("webgpu: kernels");
  expect(lines[kernels + 1]).toBe("  linear             812 GFLOP/s  240 × 192 × 512");
  expect(lines[kernels + 2]).toBe("  rmsNorm           41.2 GB/s     240 × 192");
  expect(lines.filter((line) => line === "webgpu: step")).toHaveLength(1);
});

test("without measurements there is the device alone", () => {
  expect(reportText(device, undefined, [], "A browser")).not.toContain("GFLOP");
});
