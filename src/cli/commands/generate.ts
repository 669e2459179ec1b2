// generate.ts — an answer to one prompt, greedy or sampled.

import { encodePrompt } from "../../data/batch.ts";
import { question } from "../../data/chat.ts";
import { DataError } from "../../data/error.ts";
import { chatTemplate } from "../../data/template.ts";
import { generate as generateIds } from "../../train/generate.ts";
import type { Command } from "../command.ts";
import { adapterOption, backendName, backendOption, openBackend, openModel } from "../place.ts";
import { openSubject } from "../subject.ts";

export const generate: Command = {
  name: "generate",
  takes: "--prompt TEXT",
  summary: "answer a prompt",
  details: "",
  options: {
    model: { value: "SOURCE", help: "bundled:NAME, hub:org/name@revision or file:FOLDER" },
    adapter: adapterOption,
    prompt: { value: "TEXT", help: "what the model continues" },
    template: {
      value: "NAME",
      help: "ask the prompt as a conversation by this chat template: auto (the model's own, else plain), plain, chatml, alpaca, or a text in Jinja",
    },
    system: { value: "TEXT", help: "system prompt of that conversation" },
    "max-new-tokens": { value: "N", help: "at most so many new tokens; default 32" },
    temperature: { value: "T", help: "0 (default): the likeliest token each time; above: sampled" },
    "top-p": { value: "P", help: "sample from the likeliest tokens that together have this probability; default 1" },
    seed: { value: "N", help: "of the sampling; default 0" },
    backend: backendOption,
  },
  async run(args) {
    const source = args.needed("model");
    const prompt = args.needed("prompt");
    if (args.positionals.length) throw new DataError("generate", `${JSON.stringify(args.positionals[0])} is too much`, "Put the prompt in quotes");
    const sampling = {
      maxNewTokens: args.number("max-new-tokens", 32, { min: 1, max: 1e6, whole: true }),
      temperature: args.number("temperature", 0, { min: 0, max: 100 }),
      topP: args.number("top-p", 1, { min: 1e-6, max: 1 }),
      seed: args.number("seed", 0, { min: 0, max: 2 ** 32 - 1, whole: true }),
    };
    const name = backendName(args) ?? "auto";
    const model = await openModel(source);
    const { maxPositions } = model.base.config;
    if (sampling.maxNewTokens >= maxPositions)
      throw new DataError("--max-new-tokens", `is ${sampling.maxNewTokens}, the model reads at most ${maxPositions} tokens`, "Take fewer");
    const [template, system] = [args.text("template"), args.text("system") ?? null];
    const chat = template !== undefined || system !== null ? { template: chatTemplate(template ?? "auto", model.tokenizer), system, prompts: true } : null;
    const ids = encodePrompt(chat ? question(prompt, chat) : prompt, model.tokenizer, maxPositions - sampling.maxNewTokens);
    if (!ids.length) throw new DataError("--prompt", "is empty, and documents of this model have no start token", "Write at least one word");
    const { backend } = await openBackend(name);
    const run = await openSubject(model, args.text("adapter"), backend, ids.length + sampling.maxNewTokens);
    const [answer] = await generateIds(run, [ids], { ...sampling, stopIds: model.tokenizer.stopIds });
    const text = model.tokenizer.decode(answer);
    process.stdout.write(`${text}\n`);
    return { result: { text, tokens: answer.length, backend: backend.name } };
  },
};
