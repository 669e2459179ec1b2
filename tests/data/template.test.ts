// Chat templates: a conversation written as the model reads it, its answers told from what is around them, and templates that go wrong.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodePrompt, encodeRows, IGNORE } from "../../src/data/batch.ts";
import { asConversation, encodeParts, openEnd, partsOf, question, withoutOldest, type Chat } from "../../src/data/chat.ts";
import { DataError } from "../../src/data/error.ts";
import { prepare } from "../../src/data/prepare.ts";
import { preview } from "../../src/data/preview.ts";
import type { Message } from "../../src/data/row.ts";
import { chatTemplate, TemplateError, templates } from "../../src/data/template.ts";
import type { TextTokenizer } from "../../src/data/tokenizer.ts";
import { loadTokenizer } from "../../src/data/tokenizer.ts";
import { talesFile, talesTokenizer } from "./tales-model.ts";

const tokenizer = talesTokenizer();
const say = (...contents: string[]): Message[] => contents.map((content, i) => ({ role: i % 2 === 0 ? "user" : "assistant", content }));
const told = (content: string): Message => ({ role: "system", content });
const chat = (template: string, more: Partial<Chat> = {}): Chat => ({ template: chatTemplate(template, tokenizer), system: null, prompts: false, ...more });
const twoTurns = [told("Be kind."), ...say("Who ran?", "Tom.", "Where?", "To the park.")];

const llama2 = `{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}`;
/** Writes a mark into the last answer only, as templates of reasoning models do. */
const lastMarked =
  "{% for m in messages %}{{ m.role + ': ' }}{% if loop.last and m.role == 'assistant' %}{{ '<think></think>' }}{% endif %}{{ m.content + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}";

describe("templates", () => {
  test("the model's own, by name, one's own text", () => {
    expect(chatTemplate("auto", tokenizer).title).toBe("the model's own");
    expect(chatTemplate("auto", tokenizer).render(say("Hi", "Yo"), false)).toBe("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nYo<|im_end|>\n");
    expect(chatTemplate("auto", { ...tokenizer, chatTemplate: undefined }).title).toBe("plain");
    expect(chatTemplate("plain", tokenizer).render(twoTurns, false)).toBe(
      "Be kind.\n\nUser: Who ran?\nAssistant: Tom.<|endoftext|>\nUser: Where?\nAssistant: To the park.<|endoftext|>\n",
    );
    expect(chatTemplate("alpaca", tokenizer).render(say("Hi"), true)).toBe("### Instruction:\nHi\n\n### Response:\n");
    const own = chatTemplate("{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}", tokenizer);
    expect([own.title, own.render(say("Hi", "Yo"), false)]).toEqual(["your own", "[user]Hi[assistant]Yo"]);
  });

  test("a list of templates in tokenizer_config.json, and one in a file of its own", () => {
    const load = (chat_template: unknown, file?: string) =>
      loadTokenizer(talesFile("tokenizer.json"), { ...(talesFile("tokenizer_config.json") as object), chat_template }, 4096, { chatTemplate: file ?? null });
    expect(
      load([
        { name: "tool_use", template: "t" },
        { name: "default", template: "d" },
      ]).chatTemplate,
    ).toBe("d");
    expect(load("own", "file").chatTemplate).toBe("file");
    expect(load(undefined).chatTemplate).toBeUndefined();
    expect(load(5).chatTemplate).toBeUndefined();
  });

  test("time stands still in them, so that a run can be repeated", () => {
    expect(chatTemplate("{% if strftime_now is defined %}{{ strftime_now('%Y') }}{% else %}no clock{% endif %}", tokenizer).render([], false)).toBe("no clock");
  });

  test.each(Object.keys(templates))("%s: the parts are the whole, answers and their ends are learned", (name) => {
    const { template } = chat(name);
    const parts = partsOf(twoTurns, template);
    expect(template.render(twoTurns, false).trimEnd()).toBe(parts.map(({ text }) => text).join(""));
    expect(parts.map(({ trained }) => trained)).toEqual([false, true, false, true]);
    for (const [i, answer] of [parts[1].text, parts[3].text].entries()) {
      expect(answer).toContain(["Tom.", "To the park."][i]);
      expect(answer).not.toMatch(/user|assistant|instruction/i);
    }
    expect(parts[0].text).toBe(openEnd(twoTurns.slice(0, 3), { template, system: null, prompts: false }));
  });

  test("an earlier answer that is written differently when more follows is not learned; it is counted", async () => {
    const template = chatTemplate(lastMarked, tokenizer);
    expect(partsOf(say("a", "b", "c", "d"), template)).toEqual([
      { text: "user: a\nassistant: b\nuser: c\nassistant: ", trained: false },
      { text: "<think></think>d", trained: true },
    ]);
    const rows = [{ messages: say("a", "b", "c", "d") }, { messages: say("a", "b") }];
    const data = await prepare({ rows }, tokenizer, { maxLength: 64, evalShare: 0, limit: null, seed: 0 }, { template, system: null, prompts: false });
    expect(preview(data, tokenizer, { first: 0, rows: 1 }).partly).toBe(1);
  });

  test("a last answer that cannot be told is said", () => {
    const silent = chatTemplate("{% for m in messages %}{{ m.content }}{% endfor %}{% if add_generation_prompt %}>{% endif %}", tokenizer);
    expect(() => partsOf(say("a", "b"), silent)).toThrow("differently when it is asked for");
  });
});

describe("templates that go wrong: one clear error", () => {
  const error = (choice: string, messages = say("Hi", "Yo")): unknown => {
    try {
      return chatTemplate(choice, tokenizer).render(messages, false);
    } catch (cause) {
      return cause;
    }
  };

  test("no template", () => {
    expect(String(error("chatlm"))).toContain('data.template: "chatlm" is no template. Take auto, plain, chatml, alpaca');
    expect(String(error("constructor"))).toContain("is no template");
    expect(error("{% for m in messages %}")).toMatchObject({ where: "data.template", what: expect.stringMatching(/^is no Jinja template \(/) });
    expect(error("{{ messages | }}")).toBeInstanceOf(DataError);
  });

  test("throws: the row is left out, with what the template says", async () => {
    expect(error(llama2, say("Hi", "Yo").reverse())).toEqual(new TemplateError("Conversation roles must alternate user/assistant/user/assistant/..."));
    expect(error("{{ messages.nobody.there() }}")).toBeInstanceOf(TemplateError);
    const rows = [{ messages: say("Hi", "Yo") }, { messages: [...say("Hi", "Yo", "Ho"), ...say("Ho", "Yo")], line: 9 }];
    const { examples, dropped } = await encodeRows(rows, tokenizer, 64, chatTemplate(llama2, tokenizer));
    expect(examples).toHaveLength(1);
    expect(dropped).toEqual([{ line: 9, reason: "the template (your own) Conversation roles must alternate user/assistant/user/assistant/..." }]);
    const always = chat("{{ raise_exception('never') }}");
    const how = { maxLength: 64, evalShare: 0, limit: null, seed: 0 };
    await expect(prepare({ rows }, tokenizer, how, always)).rejects.toThrow(
      "data.source: all 2 rows were left out; line 1: the template (your own) never. Take another data.template",
    );
  });

  test.each([
    ["counts forever", "{% for i in range(100000000000) %}x{% endfor %}", "counts to more than 200,000"],
    ["loops in loops", "{% for i in range(5000) %}{% for j in range(5000) %}x{% endfor %}{% endfor %}", "takes more than 204,000 steps"],
    ["empty loops in loops", "{% for i in range(5000) %}{% for j in range(5000) %}{% endfor %}{% endfor %}", "takes more than 204,000 steps"],
    [
      "doubles a text",
      "{% set ns = namespace(t='ab') %}{% for i in range(60) %}{% set ns.t = ns.t + ns.t %}{% endfor %}{{ ns.t }}",
      "writes more than 4,000,000",
    ],
    ["doubles a list", "{% set ns = namespace(t=[1, 2]) %}{% for i in range(60) %}{% set ns.t = ns.t + ns.t %}{% endfor %}", "takes more than 204,000 steps"],
  ])("%s", (_, template, what) => {
    const cause = error(template);
    expect(cause).toBeInstanceOf(DataError);
    expect(cause).toMatchObject({ where: "data.template", what: expect.stringContaining(what), hint: "Correct its loops, or take another template" });
  });

  test("calls itself without end", async () => {
    expect(error("{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}")).toBeInstanceOf(Error);
  });
});

describe("conversations as tokens", () => {
  const encode = (messages: Message[], template: string, maxLength = 128, like: TextTokenizer = tokenizer) =>
    encodeRows([{ messages, line: 4 }], like, maxLength, chatTemplate(template, like));

  test("loss on the answers only; the model is asked with the very tokens it was trained behind", async () => {
    for (const template of ["auto", "plain", "alpaca", "chatml", llama2]) {
      const { examples } = await encode(twoTurns, template);
      const [{ ids, labels }] = examples;
      expect(tokenizer.decode(ids, true).trimEnd()).toContain("Where?");
      const counted = tokenizer.decode(labels.filter((label) => label !== IGNORE), true); // prettier-ignore
      for (const part of ["Tom.", "To the park."]) expect(counted, template).toContain(part);
      for (const part of ["kind", "Who", "Where", "user", "User", "Instruction"]) expect(counted, template).not.toContain(part);
      const asked = encodePrompt(openEnd(twoTurns, chat(template)), tokenizer, 128);
      expect(ids.slice(0, asked.length), template).toEqual(asked);
      expect(ids.filter((id, i) => id === tokenizer.bosId && i === 0)).toHaveLength(1);
      expect(ids.at(-1), template).toBe(tokenizer.eosId);
      expect(labels.at(-1), template).toBe(tokenizer.eosId);
    }
  });

  test("bos and eos are added only where the template puts none", async () => {
    const own = { ...tokenizer, eosId: 2, stopIds: [2] };
    expect((await encode(say("Hi", "Yo"), "chatml", 64, own)).examples[0].ids.filter((id) => id === 2)).toHaveLength(2);
    expect((await encode(say("Hi", "Yo"), "{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}")).examples[0].ids.slice(0, 2)).not.toEqual([
      0, 0,
    ]);
  });

  test("too long: the oldest turns go, the system prompt and the last answer stay; else the row is named", async () => {
    const long = [told("Be kind."), ...say("Once upon a time there was a little girl.", "Yes.", "Who ran?", "Tom.")];
    const whole = (await encode(long, "plain")).examples[0].ids.length;
    const { examples, truncated } = await encode(long, "plain", whole - 1);
    expect(truncated).toBe(1);
    expect(tokenizer.decode(examples[0].ids, true)).toBe("<|endoftext|>Be kind.\n\nUser: Who ran?\nAssistant: Tom.<|endoftext|>");
    expect((await encode(long, "plain", 8)).dropped).toEqual([
      { line: 4, reason: `its last question and answer have ${examples[0].ids.length} tokens, which do not fit in data.max_length 8` },
    ]);
    expect(withoutOldest(say("a", "b"))).toBeNull();
  });

  const spoken = (role: Message["role"]) => fc.record({ role: fc.constant(role), content: fc.oneof(fc.string({ maxLength: 30 }), fc.lorem({ maxCount: 8 })) });
  const exchange = fc.oneof(
    { weight: 6, arbitrary: fc.tuple(spoken("user"), spoken("assistant")) },
    fc.tuple(spoken("user"), spoken("assistant"), spoken("tool"), spoken("assistant")),
    fc.tuple(spoken("user")),
    fc.tuple(spoken("assistant")),
  );
  const conversation = fc
    .tuple(fc.option(spoken("system")), fc.array(exchange, { maxLength: 14, size: "max" }), spoken("assistant"))
    .map(([system, exchanges, last]) => [...(system ? [system] : []), ...exchanges.flat(), last]);

  test("too long: what is kept is what dropping the oldest question again and again leaves", async () => {
    const oneByOne = async (messages: Message[], template: string, maxLength: number) => {
      let length = 0;
      for (let left: Message[] | null = messages; left; left = withoutOldest(left)) {
        const whole = await encode(left, template, Infinity);
        if (!whole.examples.length) return whole;
        ({ length } = whole.examples[0].ids);
        if (length <= maxLength) return { ...whole, truncated: left === messages ? 0 : 1 };
      }
      const reason = `its last question and answer have ${length} tokens, which do not fit in data.max_length ${maxLength}`;
      return { examples: [], truncated: 0, partly: 0, dropped: [{ line: 4, reason }] };
    };
    const written = fc.constantFrom("auto", "plain", "alpaca", llama2, lastMarked);
    const asked = fc.asyncProperty(conversation, written, fc.integer({ min: 2, max: 400 }), async (messages, template, maxLength) => {
      expect(await encode(messages, template, maxLength)).toEqual(await oneByOne(messages, template, maxLength));
    });
    await fc.assert(asked, { numRuns: 40 });
  });

  test("far too long: what is not kept costs little", async () => {
    const messages = [told("Be kind."), ...say(...Array.from({ length: 2000 }, (_, i) => `Tom ran to the park and saw ${i} dogs.`))];
    const template = chatTemplate("chatml", tokenizer);
    let [turns, characters] = [0, 0];
    const render: typeof template.render = (some, generate) => {
      turns += some.length;
      if (turns > 2 * messages.length) throw new Error("renders more than twice the conversation"); // fails, rather than goes on for hours
      return template.render(some, generate);
    };
    const counting = (text: string) => {
      characters += text.length;
      return tokenizer.encode(text);
    };
    const { examples, truncated } = await encodeRows([{ messages }], { ...tokenizer, encode: counting }, 512, { ...template, render });
    expect(truncated).toBe(1);
    expect(examples[0].ids.length).toBeGreaterThan(460);
    expect(characters).toBeLessThan(template.render(messages, false).length / 4);
  });

  test("prompts with completions are turns where a template is named or there is a system prompt", () => {
    const row = { prompt: " Who ran? ", completion: " Tom.", line: 3 };
    expect(asConversation(row, chat("plain"))).toBe(row);
    expect(asConversation({ text: "a" }, chat("plain", { prompts: true }))).toEqual({ text: "a" });
    expect(asConversation(row, chat("plain", { prompts: true, system: "Be kind." }))).toEqual({
      messages: [told("Be kind."), ...say("Who ran?", "Tom.")],
      line: 3,
    });
    expect(asConversation({ messages: twoTurns }, chat("plain", { system: "Be rude." }))).toEqual({ messages: twoTurns });
    expect(question("Who?", chat("plain", { system: "Be kind." }))).toBe("Be kind.\n\nUser: Who?\nAssistant:");
  });

  test("texts that follow each other: tokens of the whole, cut at the boundaries, or each on its own", () => {
    expect(encodeParts(["Tom ran", " to the park."], tokenizer).flat()).toEqual(tokenizer.encode("Tom ran to the park."));
    const straddled = encodeParts(["Tom went to the par", "k", " and"], tokenizer);
    expect(straddled[1]).toEqual(tokenizer.encode("k"));
    expect(tokenizer.decode(straddled.flat())).toBe("Tom went to the park and");
    expect(encodeParts([], tokenizer)).toEqual([]);
  });

  test("the preview names the template and spells what is learned", async () => {
    const data = await prepare({ rows: [{ messages: twoTurns }] }, tokenizer, { maxLength: 64, evalShare: 0, limit: null, seed: 0 }, chat("auto"));
    const shown = preview(data, tokenizer, { first: 0, rows: 1 });
    expect(shown.template).toBe("the model's own");
    const learned = shown.rows[0].filter(({ trained }) => trained).map(({ text }) => text).join(""); // prettier-ignore
    expect(learned).toBe("Tom.<|im_end|>To the park.<|im_end|><|endoftext|>");
  });
});
