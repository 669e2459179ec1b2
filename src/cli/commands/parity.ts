// parity.ts — golden cases: computes what PyTorch, transformers and PEFT computed, and compares within the tolerances of tests/golden/README.md.

import { mkdir, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { DataError } from "../../data/error.ts";
import type { Backend } from "../../engine/backend.ts";
import { writeSafetensors } from "../../formats/safetensors.ts";
import { isBadInput, problemOf } from "../../session/problem.ts";
import { type CaseFiles, type Comparison, type Values, compareCase, computeCase, methodOf, unsupported } from "../../train/golden.ts";
import { runHeterolora } from "../../train/golden-heterolora.ts";
import type { Command } from "../command.ts";
import { backendName, backendOption, openBackend } from "../place.ts";

export const parity: Command = {
  name: "parity",
  takes: "CASE_DIR…",
  summary: "compare golden cases with what is computed here",
  details: "One line per case: of each kind of value the worst error, the tolerance, and where a broken one is. Exit 1 when a case fails or is not supported.",
  options: {
    write: { value: "DIR", help: "what was computed, as DIR/CASE.safetensors under the names of the case" },
    backend: backendOption,
  },
  async run(args) {
    if (!args.positionals.length) throw new DataError("parity", "takes at least one CASE_DIR", "See: cli parity --help");
    const name = backendName(args) ?? "auto";
    for (const folder of args.positionals)
      if (!(await stat(folder).catch(() => null))?.isDirectory())
        throw new DataError(folder, "there is no such folder", "Name the folder of a golden case: tests/golden/cases/llama-lora is one");
    const write = args.text("write");
    if (write !== undefined)
      await mkdir(write, { recursive: true }).catch((cause: Error) => {
        throw new DataError(`--write ${write}`, `cannot be made (${cause.message})`, "Name a folder that can be written");
      });

    const { backend } = await openBackend(name);
    const cases: Record<string, unknown>[] = [];
    for (const folder of args.positionals) {
      const name = basename(resolve(folder));
      const { pass, text, worst, values } = await judge(backend, folder);
      process.stdout.write(`${pass ? "PASS" : "FAIL"} ${name}: ${text}\n`);
      if (values && write !== undefined) await writeFile(join(write, `${name}.safetensors`), asSafetensors(values));
      cases.push({ name, pass, ...(worst ? { worst } : { reason: text }) });
    }
    const failed = cases.filter((c) => !c.pass).length;
    return { code: failed ? 1 : 0, result: { passed: cases.length - failed, failed, cases, backend: backend.name } };
  },
};

interface Judgement {
  pass: boolean;
  text: string;
  worst?: Record<string, number | null>;
  values?: Values;
}

async function judge(backend: Backend, folder: string): Promise<Judgement> {
  try {
    const files = await caseFiles(folder);
    if (methodOf(files) === "heterolora") {
      const { compared, values } = await runHeterolora(backend, files);
      return judgement(compared, values);
    }
    const reason = unsupported(files);
    if (reason) return { pass: false, text: reason };
    const values = await computeCase(backend, files);
    return judgement(await compareCase(files, values), values);
  } catch (e) {
    const { where, what } = problemOf(e);
    const text = isBadInput(e) ? `not supported or broken: ${where}: ${what}` : `${(e as Error).name}: ${(e as Error).message}`;
    return { pass: false, text: text.replace(/\s*\n\s*/g, " ") };
  }
}

const judgement = (compared: readonly Comparison[], values: Values): Judgement => ({
  pass: compared.length > 0 && compared.every(holds),
  text: compared.map(described).join(", "),
  worst: Object.fromEntries(compared.map((c) => [c.kind, Number.isFinite(c.worst) ? c.worst : null])),
  values,
});

const holds = (c: Comparison): boolean => c.worst <= c.tolerance;
function described(c: Comparison): string {
  if (c.worst === Infinity) return c.kind === "generate.ids" ? "generate.ids differ" : `${c.kind} not computed here: ${c.at}`;
  const numbers = (sign: string): string => `${c.kind} ${c.worst.toExponential(1)} ${sign} ${c.tolerance.toExponential(1)}`;
  return holds(c) ? numbers("≤") : `${numbers("exceeds")} at ${c.at}`;
}

async function caseFiles(folder: string): Promise<CaseFiles> {
  const found = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((f) => f.isFile());
  const files = new Map<string, Uint8Array>();
  for (const f of found) {
    const path = join(f.parentPath, f.name);
    files.set(relative(folder, path).replaceAll("\\", "/"), await readFile(path));
  }
  return files;
}

const asSafetensors = (values: Values): Uint8Array =>
  writeSafetensors([...values].map(([name, { shape, data }]) => ({ name, shape, data: name.endsWith(".ids") ? Int32Array.from(data) : data })));
