// error.ts — bad input by a person or a stranger's file: what is wrong, where, and what to do. Never a bug of ours.

export class DataError extends Error {
  /** RunConfig field ("data.source") or file, with the line where there is one ("rows.jsonl, line 3"). */
  readonly where: string;
  readonly what: string;
  readonly hint: string;

  constructor(where: string, what: string, hint: string) {
    super(`${where}: ${what}. ${hint}`);
    this.name = "DataError";
    this.where = where;
    this.what = what;
    this.hint = hint;
  }
}
