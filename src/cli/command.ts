// command.ts — what a command is, and its arguments read with errors that name the option.

import { parseArgs } from "node:util";
import { DataError } from "../data/error.ts";

export interface Option {
  /** Shown behind the option, "DIR"; absent: a switch. */
  value?: string;
  help: string;
}

export interface Outcome {
  /** The last line of stdout. */
  result: Record<string, unknown>;
  /** 0, or 1 where the command ran and what it found is a failure. */
  code?: 0 | 1;
}

export interface Command {
  name: string;
  /** Of the positional arguments: "CONFIG.json". */
  takes: string;
  /** One line. */
  summary: string;
  /** What else a user must know; may be empty. */
  details: string;
  options: Record<string, Option>;
  run(args: Args): Promise<Outcome>;
}

/** Every method throws DataError naming the option. */
export class Args {
  private constructor(
    private readonly command: Command,
    readonly positionals: readonly string[],
    private readonly values: Readonly<Record<string, string | boolean | undefined>>,
  ) {}

  static parse(command: Command, argv: readonly string[]): Args {
    const options = Object.fromEntries(Object.entries(command.options).map(([name, { value }]) => [name, { type: value ? ("string" as const) : "boolean" as const }])); // prettier-ignore
    try {
      const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true });
      return new Args(command, positionals, values as Record<string, string | boolean | undefined>);
    } catch (e) {
      throw new DataError(command.name, (e as Error).message.split(/\.\s/)[0].replace(/\s+/g, " "), `See: cli ${command.name} --help`);
    }
  }

  /** The one positional argument. */
  only(): string {
    if (this.positionals.length !== 1)
      throw new DataError(this.command.name, `takes one ${this.command.takes}, it got ${this.positionals.length}`, `See: cli ${this.command.name} --help`);
    return this.positionals[0];
  }

  flag(name: string): boolean {
    return this.values[name] === true;
  }

  text(name: string): string | undefined {
    const value = this.values[name];
    if (value === "" && name !== "prompt") throw new DataError(`--${name}`, "is empty", `See: cli ${this.command.name} --help`);
    return value as string | undefined;
  }

  needed(name: string): string {
    const value = this.text(name);
    if (value === undefined)
      throw new DataError(`--${name}`, "is missing", `Write --${name} ${this.command.options[name].value}: ${this.command.options[name].help}`);
    return value;
  }

  number(name: string, fallback: number, { min, max, whole }: { min: number; max: number; whole?: boolean }): number {
    const text = this.text(name);
    if (text === undefined) return fallback;
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value) || (whole && !Number.isInteger(value)) || value < min || value > max)
      throw new DataError(
        `--${name}`,
        `must be a ${whole ? "whole " : ""}number from ${min} to ${max}, it is ${JSON.stringify(text)}`,
        this.command.options[name].help,
      );
    return value;
  }
}

export function help(command: Command): string {
  const rows = Object.entries(command.options).map(([name, o]) => [`  --${name}${o.value ? ` ${o.value}` : ""}`, o.help]);
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return [
    `${command.name} — ${command.summary}`,
    "",
    `  npm run -s cli -- ${command.name} ${command.takes} [options]`,
    "",
    ...rows.map(([left, right]) => left.padEnd(width) + right),
    ...(command.details ? ["", command.details] : []),
    "",
  ].join("\n");
}
