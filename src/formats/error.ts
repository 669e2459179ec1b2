// error.ts — the one error that reading or writing a file throws: what is wrong, where, and what to do.

/** `message` reads whole: "where: what. hint". */
export class FormatError extends Error {
  override readonly name = "FormatError";
  /** File, and the tensor, field or entry inside it: `model.safetensors, tensor "lm_head.weight"`. */
  readonly where: string;
  /** What is wrong, without place and remedy. */
  readonly what: string;
  /** What to do. */
  readonly hint: string;

  constructor(where: string, what: string, hint: string) {
    super(`${where}: ${what}. ${hint}`);
    this.where = where;
    this.what = what;
    this.hint = hint;
  }
}
