// tokenizer.ts — text ↔ token ids by the model's own tokenizer.json, and the special tokens around a document.

import { Tokenizer } from "@huggingface/tokenizers";
import { isObject } from "../formats/source.ts";
import { DataError } from "./error.ts";

export interface TextTokenizer {
  /** Ids of the text alone: no special tokens are put around it (special tokens spelled out in the text are recognised). */
  encode(text: string): number[];
  /** keepSpecial: also spell special tokens; otherwise they are left out. */
  decode(ids: readonly number[], keepSpecial?: boolean): string;
  /** The text of each token, special tokens spelled; joined they are decode(ids, true). A character of several tokens belongs to the last. */
  pieces(ids: readonly number[]): string[];
  /** The text of one token. */
  piece(id: number): string;
  /** Ends a document: the last label of a row. */
  eosId: number | null;
  /** Every id that ends generation (eosId is one of them). */
  stopIds: readonly number[];
  bosId: number | null;
  /** True where documents start with bosId: see `startsDocuments`. */
  addBos: boolean;
  padId: number | null;
  /** How an encoder reads one text or two; null for decoders, which put nothing behind a text. */
  template: { single: TemplatePart[]; pair: TemplatePart[] } | null;
  /** The model's own chat template, in Jinja; absent: it has none. */
  chatTemplate?: string;
  /** Rows of the model's embedding. */
  vocabSize: number;
}

/** A special token, or the place of the first (0) or second (1) text, with its segment. `[CLS] a [SEP] b [SEP]` has five parts. */
export type TemplatePart = ({ id: number } | { text: 0 | 1 }) & { typeId: number };

/** Parsed config.json and generation_config.json, where special ids stand when tokenizer_config.json is silent. */
export interface TokenizerContext {
  config?: unknown;
  generationConfig?: unknown;
  /** Text of chat_template.jinja, where it is a file of its own. */
  chatTemplate?: string | null;
}

/**
 * Parsed tokenizer.json and tokenizer_config.json → tokenizer of a model with `vocabSize` embeddings.
 * Throws DataError: not a tokenizer, or an id that the model has no embedding for.
 */
export function loadTokenizer(tokenizerJson: unknown, tokenizerConfig: unknown, vocabSize: number, context: TokenizerContext = {}): TextTokenizer {
  const settings = isObject(tokenizerConfig) ? tokenizerConfig : {};
  const tokenizer = construct(tokenizerJson, settings);
  let highest = -1;
  for (const id of tokenizer.get_vocab(true).values()) highest = Math.max(highest, id);
  if (highest < 0) throw new DataError("tokenizer.json", "its vocabulary is empty", "Use the tokenizer.json that belongs to the model");
  if (highest >= vocabSize) {
    throw new DataError(
      "tokenizer.json",
      `needs ${highest + 1} embeddings, the model has ${vocabSize} (vocab_size in config.json)`,
      "Use the tokenizer.json that belongs to the model",
    );
  }

  const config = isObject(context.config) ? context.config : {};
  const ends = ids(isObject(context.generationConfig) ? context.generationConfig.eos_token_id : undefined, vocabSize);
  const special = (name: "bos" | "eos" | "pad"): number | null => {
    const token = settings[`${name}_token`];
    const content = isObject(token) ? token.content : token;
    const named = typeof content === "string" ? tokenizer.token_to_id(content) : undefined;
    return named ?? ids(config[`${name}_token_id`], vocabSize)[0] ?? null;
  };
  const bosId = special("bos");
  const written = special("eos");
  // generation_config.json knows best what ends a text where the two disagree (llama2.c's models end with <s>)
  const eosId = written !== null && (ends.length === 0 || ends.includes(written)) ? written : (ends[0] ?? null);

  const decode = (tokens: readonly number[], keepSpecial = false): string =>
    tokens.length === 0 ? "" : tokenizer.decode([...tokens], { skip_special_tokens: !keepSpecial, clean_up_tokenization_spaces: false });
  // WordPiece's decoder cleans up spaces afterwards, so its texts do not grow token by token: the vocabulary's own pieces are shown
  const word = (id: number, i: number) => (tokenizer.id_to_token(id) ?? "").replace(/^##|^/, (mark) => (mark || i === 0 ? "" : " "));
  const wordPiece = isObject(tokenizer.decoder?.config) && tokenizer.decoder.config.type === "WordPiece";
  const pieces = (tokens: readonly number[]) => (wordPiece ? tokens.map(word) : split(tokens, (part) => decode(part, true)));
  return {
    encode: (text) => (text === "" ? [] : tokenizer.encode(text, { add_special_tokens: false }).ids),
    decode,
    pieces,
    piece: (id) => pieces([id])[0],
    eosId,
    stopIds: [...new Set([...(eosId === null ? [] : [eosId]), ...ends])],
    bosId,
    addBos: startsDocuments(tokenizer, settings, bosId, written),
    padId: special("pad"),
    template: templates(tokenizer),
    ...chatTemplateOf(context.chatTemplate ?? settings.chat_template),
    vocabSize,
  };
}

/** A text, or a list of { name, template } of which "default" is the one for chats. */
function chatTemplateOf(written: unknown): Pick<TextTokenizer, "chatTemplate"> {
  const named = Array.isArray(written) ? (written.filter(isObject).find(({ name }) => name === "default") ?? written.find(isObject))?.template : written;
  return typeof named === "string" && named.trim() !== "" ? { chatTemplate: named } : {};
}

/** Read off the tokenizer's own post-processor, by letting it frame two texts that stand for themselves. Encoders frame a text at both ends. */
function templates(tokenizer: Tokenizer): TextTokenizer["template"] {
  const processor = tokenizer.post_processor;
  if (!processor) return null;
  const texts = ["\0first", "\0second"];
  // RoBERTa has one segment only, also for pairs
  const segments = !(isObject(processor.config) && processor.config.type === "RobertaProcessing");
  const frame = (second: string[] | null): TemplatePart[] => {
    const { tokens, token_type_ids: typeIds } = processor.post_process([texts[0]], second, true);
    return tokens.map((token, i) => {
      const text = texts.indexOf(token);
      const typeId = segments ? (typeIds?.[i] ?? 0) : 0;
      return text < 0 ? { id: tokenizer.token_to_id(token) ?? -1, typeId } : { text: text as 0 | 1, typeId };
    });
  };
  const [single, pair] = [frame(null), frame([texts[1]])];
  const special = (part: TemplatePart | undefined) => part !== undefined && "id" in part;
  if (!special(single[0]) || !special(single.at(-1)) || pair.filter((part) => "text" in part).length < 2) return null;
  if ([...single, ...pair].some((part) => "id" in part && part.id < 0)) {
    throw new DataError(
      "tokenizer.json",
      "frames texts with a special token that is not in its vocabulary",
      "Use the tokenizer.json that belongs to the model",
    );
  }
  return { single, pair };
}

/**
 * Do documents start with bos? Yes where tokenizer_config.json says `add_bos_token: true` or tokenizer.json's template puts it
 * there; and where bos and eos are the same token: then it separated the documents in pre-training, so one stood before each
 * (GPT-2, SmolLM2, tales-3m, whatever `add_bos_token` says). Otherwise no.
 */
function startsDocuments(tokenizer: Tokenizer, settings: Record<string, unknown>, bosId: number | null, eosId: number | null): boolean {
  if (bosId === null) return false;
  return settings.add_bos_token === true || tokenizer.encode("a").ids[0] === bosId || bosId === eosId;
}

function construct(tokenizerJson: unknown, settings: Record<string, unknown>): Tokenizer {
  if (!isObject(tokenizerJson) || !isObject(tokenizerJson.model)) {
    throw new DataError("tokenizer.json", "has no model object", "Use the tokenizer.json that belongs to the model (tokenizer.model files are not read)");
  }
  try {
    return new Tokenizer(tokenizerJson, settings);
  } catch (cause) {
    throw new DataError(
      "tokenizer.json",
      `cannot be used (${cause instanceof Error ? cause.message : String(cause)})`,
      "Use the tokenizer.json that belongs to the model",
    );
  }
}

/** An id or a list of ids as configuration files write them; ids outside the vocabulary are left out. */
function ids(value: unknown, vocabSize: number): number[] {
  return (Array.isArray(value) ? value : [value]).filter((id): id is number => Number.isInteger(id) && id >= 0 && id < vocabSize);
}

/** Token by token: what each adds to the decoded text. A prefix of two settled tokens is decoded along, because the first token may lose its space. */
function split(tokens: readonly number[], decode: (tokens: readonly number[]) => string): string[] {
  const out: string[] = [];
  let start = 0; // decoding starts here
  let settled = 0; // tokens before this have given their text
  for (let i = 0; i < tokens.length; i++) {
    const before = decode(tokens.slice(start, settled));
    const text = decode(tokens.slice(start, i + 1));
    if (text.endsWith("\uFFFD") && i + 1 < tokens.length && i - settled < 4) {
      out.push(""); // part of a character
      continue;
    }
    out.push(text.slice(before.length));
    start = settled;
    settled = i + 1;
  }
  return out;
}
