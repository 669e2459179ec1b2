// Tokenizer glue against ids of Hugging Face's Python tokenizer, and the special tokens around a document.
import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { DataError } from "../../src/data/error.ts";
import { loadTokenizer } from "../../src/data/tokenizer.ts";
import { talesFile, talesTokenizer } from "./tales-model.ts";

const tokenizer = talesTokenizer();

/** transformers: AutoTokenizer.from_pretrained(tales-3m)(text, add_special_tokens=False).input_ids */
const GOLDEN: [string, number[]][] = [
  ["Once upon a time, there was a little girl named Lily.", [579, 528, 262, 436, 15, 423, 301, 262, 420, 575, 557, 541, 17]],
  [
    "Tom had a red kite.\nQ: What color was Tom's kite?\nA: red.",
    [461, 354, 262, 908, 3916, 17, 202, 52, 29, 1542, 1901, 301, 484, 360, 3916, 34, 202, 36, 29, 908, 17],
  ],
  [" two  spaces\tand a tab\n\nnew paragraph", [779, 224, 466, 1788, 201, 517, 262, 260, 730, 202, 202, 81, 744, 3107, 481, 432, 1405]],
  [
    "Café, naïve — “quoted” 日本語 🙂",
    [
      38, 1799, 131, 106, 15, 294, 68, 131, 111, 320, 224, 162, 226, 246, 224, 162, 226, 254, 500, 308, 272, 162, 226, 255, 224, 166, 249, 102, 166, 254, 109,
      168, 107, 256, 224, 176, 257, 251, 228,
    ],
  ],
  ["don't we'll I'm they've 12345 3.14", [71, 299, 380, 349, 769, 316, 694, 381, 1001, 2320, 21, 22, 23, 24, 3294, 17, 20, 23]],
  ["<|endoftext|>A tale<|im_end|>", [0, 36, 260, 1705, 2]],
  ["", []],
];

describe("tales-3m", () => {
  test.each(GOLDEN)("%j has the reference ids", (text, ids) => {
    expect(tokenizer.encode(text)).toEqual(ids);
    expect(tokenizer.decode(ids, true)).toBe(text);
    expect(tokenizer.pieces(ids).join("")).toBe(text);
  });

  test("special tokens: documents start and end with <|endoftext|>", () => {
    expect(tokenizer).toMatchObject({ bosId: 0, eosId: 0, padId: 3, addBos: true, stopIds: [0], vocabSize: 4096 });
    expect(tokenizer.piece(0)).toBe("<|endoftext|>");
    expect(tokenizer.decode([0, 36, 2])).toBe("A");
  });

  test("any text survives, token by token", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), (text) => {
        const ids = tokenizer.encode(text);
        expect(tokenizer.decode(ids, true)).toBe(text);
        expect(tokenizer.pieces(ids).join("")).toBe(text);
        expect(tokenizer.pieces(ids).length).toBe(ids.length);
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});

describe("special tokens of other models", () => {
  const json = talesFile("tokenizer.json");
  const load = (settings: unknown, context = {}) => loadTokenizer(json, settings, 4096, context);

  test("come from tokenizer_config.json, as text or object, else from config.json", () => {
    expect(load({ bos_token: { content: "<|im_start|>" }, eos_token: "<|im_end|>" })).toMatchObject({ bosId: 1, eosId: 2, padId: null, addBos: false });
    expect(load(null, { config: { bos_token_id: 1, eos_token_id: [2, 0], pad_token_id: 3 } })).toMatchObject({ bosId: 1, eosId: 2, padId: 3, addBos: false });
    expect(load(null)).toMatchObject({ bosId: null, eosId: null, padId: null, addBos: false, stopIds: [] });
    expect(load(null, { config: { eos_token_id: 99999 } }).eosId).toBeNull();
  });

  test("documents start with bos when told so, or when it is also the end token", () => {
    expect(load({ bos_token: "<|im_start|>", eos_token: "<|im_end|>", add_bos_token: true }).addBos).toBe(true);
    expect(load({ bos_token: "<|im_end|>", eos_token: "<|im_end|>" }).addBos).toBe(true);
  });

  test("generation_config.json decides the end where it disagrees", () => {
    expect(load({ eos_token: "<|im_end|>" }, { generationConfig: { eos_token_id: 1 } })).toMatchObject({ eosId: 1, stopIds: [1] });
    expect(load({ eos_token: "<|im_end|>" }, { generationConfig: { eos_token_id: [0, 2] } })).toMatchObject({ eosId: 2, stopIds: [2, 0] });
  });

  test("one clear error for what cannot be used", () => {
    expect(() => loadTokenizer(json, null, 512)).toThrow(
      "tokenizer.json: needs 4096 embeddings, the model has 512 (vocab_size in config.json). Use the tokenizer.json",
    );
    for (const bad of [null, 3, [], {}, { model: null }, { model: { type: "BPE" } }, { model: { type: "Nothing", vocab: {} } }]) {
      expect(() => loadTokenizer(bad, null, 4096), JSON.stringify(bad)).toThrow(DataError);
    }
  });
});
