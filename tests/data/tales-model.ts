// tales-model.ts — the bundled model's real tokenizer, for tests.
import { readFileSync } from "node:fs";
import { loadTokenizer } from "../../src/data/tokenizer.ts";

export const talesFile = (name: string): unknown => JSON.parse(readFileSync(`public/models/tales-3m/${name}`, "utf8"));

export const talesTokenizer = () =>
  loadTokenizer(talesFile("tokenizer.json"), talesFile("tokenizer_config.json"), 4096, {
    config: talesFile("config.json"),
    generationConfig: talesFile("generation_config.json"),
  });
