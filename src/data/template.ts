// template.ts — chat templates: a conversation as the text that a model reads, by Jinja (@huggingface/jinja), as Hugging Face's models bring it along.
// A template may be a stranger's: it runs for a limited number of steps, knows no clock, and its errors are told.

import { Environment, Interpreter, parse, tokenize } from "@huggingface/jinja";
import { count } from "../formats/source.ts";
import { DataError } from "./error.ts";
import { brief } from "./lines.ts";
import type { Message } from "./row.ts";
import type { TextTokenizer } from "./tokenizer.ts";

export interface ChatTemplate {
  /** In words: "chatml", "the model's own". */
  title: string;
  /** generate: with the beginning of an answer at the end. Throws TemplateError: the template does not take this conversation. Throws DataError: it takes none. */
  render(messages: readonly Message[], generate: boolean): string;
}

/** What the template says of a conversation. */
export class TemplateError extends Error {}

const chatml =
  "{% for message in messages %}{{ '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
/** user, assistant: what stands before a turn. */
const labelled = (user: string, assistant: string, gap: string): string =>
  `{% for message in messages %}{% if message.role == 'assistant' %}{{ '${assistant}' + message.content + eos_token + '${gap}' }}` +
  `{% elif message.role == 'user' %}{{ '${user}' + message.content + '${gap}' }}{% else %}{{ message.content + '\n\n' }}{% endif %}{% endfor %}` +
  `{% if add_generation_prompt %}{{ '${assistant.replace(/ $/, "")}' }}{% endif %}`;

/** By name, for data.template. */
export const templates: Readonly<Record<string, { help: string; source: string }>> = {
  plain: { help: "User: … and Assistant: …, for models that know no chats.", source: labelled("User: ", "Assistant: ", "\n") },
  chatml: { help: "<|im_start|>role … <|im_end|>, as Qwen and SmolLM write chats.", source: chatml },
  alpaca: { help: "### Instruction: … and ### Response: …", source: labelled("### Instruction:\n", "### Response:\n", "\n\n") },
};

/** What is evaluated for one conversation, at least, and for each of its turns: templates in use take up to 300 a turn. */
const [STEPS, STEPS_PER_TURN] = [200_000, 2_000];
const LENGTH = 4_000_000;
const PLACE = "data.template";

/** choice: data.template: "auto" (the model's own, else plain), a name, or the text of one. Throws DataError. */
export function chatTemplate(choice: string, tokenizer: TextTokenizer): ChatTemplate {
  const own = /\{[{%]/.test(choice);
  const name = choice === "auto" && !tokenizer.chatTemplate ? "plain" : choice;
  if (!own && name !== "auto" && !Object.hasOwn(templates, name)) {
    throw new DataError(PLACE, `"${brief(choice, 40)}" is no template`, `Take auto, ${Object.keys(templates).join(", ")}, or write one in Jinja`);
  }
  const source = own ? choice : name === "auto" ? tokenizer.chatTemplate! : templates[name].source;
  const spell = (id: number | null): string => (id === null ? "" : tokenizer.piece(id));
  const render = compiled(source, { bos_token: spell(tokenizer.bosId), eos_token: spell(tokenizer.eosId) });
  return { title: own ? "your own" : name === "auto" ? "the model's own" : name, render };
}

function compiled(source: string, tokens: Readonly<Record<string, string>>): ChatTemplate["render"] {
  let program: ReturnType<typeof parse>;
  try {
    program = parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true }));
  } catch (cause) {
    throw new DataError(PLACE, `is no Jinja template (${reasonOf(cause)})`, `Correct it, or take ${Object.keys(templates).join(", ")}`);
  }
  return (messages, generate) => {
    const environment = new Environment();
    const raise = (reason: unknown): never => {
      throw new TemplateError(brief(String(reason), 200));
    };
    const constants = { true: true, false: false, none: null, True: true, False: false, None: null };
    for (const [name, value] of Object.entries({
      ...constants,
      ...tokens,
      raise_exception: raise,
      range,
      messages: structuredClone(messages),
      add_generation_prompt: generate,
    }))
      environment.set(name, value);
    try {
      return String((new Limited(environment, STEPS + STEPS_PER_TURN * messages.length).run(program) as { value: unknown }).value);
    } catch (cause) {
      if (cause instanceof DataError || cause instanceof TemplateError) throw cause;
      throw new TemplateError(reasonOf(cause));
    }
  };
}

const reasonOf = (cause: unknown): string => brief(cause instanceof Error ? cause.message : String(cause), 200);

const tooMuch = (what: string): DataError => new DataError(PLACE, `${what}: it seems to go on forever`, "Correct its loops, or take another template");

/** Python's, which may not be larger than any conversation needs. */
function range(start: number, stop?: number, step = 1): number[] {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const length = Math.max(0, Math.ceil((to - from) / step));
  if (!(length <= STEPS)) throw tooMuch(`counts to more than ${count(STEPS)}`);
  return Array.from({ length }, (_, i) => from + i * step);
}

/** Counts what is evaluated, a list by its length, since a loop may run over it. */
class Limited extends Interpreter {
  private steps = 0;

  constructor(
    environment: Environment,
    private readonly limit: number,
  ) {
    super(environment);
  }

  override evaluate(...args: Parameters<Interpreter["evaluate"]>): ReturnType<Interpreter["evaluate"]> {
    const result = super.evaluate(...args);
    const { value } = result as { value?: unknown };
    this.steps += 1 + (Array.isArray(value) ? value.length : 0);
    if (this.steps > this.limit) throw tooMuch(`takes more than ${count(this.limit)} steps for one conversation`);
    if (typeof value === "string" && value.length > LENGTH) throw tooMuch(`writes more than ${count(LENGTH)} characters for one conversation`);
    return result;
  }
}
