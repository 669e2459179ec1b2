// main.ts — the command line: `npm run -s cli -- COMMAND`. Human text goes to stderr, results to stdout, whose last line is one JSON object.
// Exit 0: success; 1: it failed; 2: bad input, said in one line that names file and field.

import { isBadInput, problemOf } from "../session/problem.ts";
import { Args, type Command, help } from "./command.ts";
import { compare } from "./commands/compare.ts";
import { evaluate } from "./commands/evaluate.ts";
import { exportCommand } from "./commands/export.ts";
import { explain } from "./commands/explain.ts";
import { generate } from "./commands/generate.ts";
import { inspect } from "./commands/inspect.ts";
import { parity } from "./commands/parity.ts";
import { score } from "./commands/score.ts";
import { train } from "./commands/train.ts";

const commands: readonly Command[] = [train, compare, score, evaluate, generate, inspect, explain, exportCommand, parity];

const overview = (): string =>
  [
    "npm run -s cli -- COMMAND",
    "",
    ...commands.map((c) => `  ${`${c.name} ${c.takes}`.padEnd(26)}${c.summary}`),
    "",
    "COMMAND --help says more. Paths are taken from the current directory.",
    "",
  ].join("\n");

export async function main(argv: string[]): Promise<number> {
  // npm runs scripts in the project's folder; paths are meant from where the person stands.
  if (process.env.npm_lifecycle_event === "cli" && process.env.INIT_CWD) process.chdir(process.env.INIT_CWD);
  const [name, ...rest] = argv;
  if (name === "--help" || name === "help") {
    process.stdout.write(overview());
    return 0;
  }
  const command = commands.find((c) => c.name === name);
  if (!command) {
    const wrong = name ? `"${name}" is no command` : "a command is missing";
    console.error(`cli: ${wrong}. There is ${commands.map((c) => c.name).join(", ")}; cli --help says more`);
    return 2;
  }
  if (rest.includes("--help")) {
    process.stdout.write(help(command));
    return 0;
  }
  try {
    const { result, code = 0 } = await command.run(Args.parse(command, rest));
    process.stdout.write(`${JSON.stringify(result)}\n`);
    return code;
  } catch (e) {
    if (isBadInput(e)) {
      const { where, what, hint } = problemOf(e);
      console.error(`${where}: ${what}. ${hint}`.replace(/\s*\n\s*/g, " "));
      return 2;
    }
    console.error(process.env.DEBUG ? e : `cli ${command.name}: ${e instanceof Error ? e.message : String(e)}`);
    return 1;
  }
}
