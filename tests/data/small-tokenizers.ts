// small-tokenizers.ts — BERT's and RoBERTa's own pipelines over a handful of words, for tests.
import { loadTokenizer } from "../../src/data/tokenizer.ts";

const vocabulary = (tokens: readonly string[]) => Object.fromEntries(tokens.map((token, id) => [token, id]));
const added = (tokens: readonly string[]) =>
  tokens.map((content, id) => ({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }));

const BERT_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
const BERT_TOKENS = [...BERT_SPECIAL, "tom", "ann", "saw", "ran", "was", "seen", "by", "walk", "##ed", "##ing", ".", ",", "'", "don", "t"];

const part = (kind: "SpecialToken" | "Sequence", id: string, type_id = 0) => ({ [kind]: { id, type_id } });

export const BERT_JSON = {
  version: "1.0",
  truncation: null,
  padding: null,
  added_tokens: added(BERT_SPECIAL),
  normalizer: { type: "BertNormalizer", clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
  pre_tokenizer: { type: "BertPreTokenizer" },
  post_processor: {
    type: "TemplateProcessing",
    single: [part("SpecialToken", "[CLS]"), part("Sequence", "A"), part("SpecialToken", "[SEP]")],
    pair: [part("SpecialToken", "[CLS]"), part("Sequence", "A"), part("SpecialToken", "[SEP]"), part("Sequence", "B", 1), part("SpecialToken", "[SEP]", 1)],
    special_tokens: { "[CLS]": { id: "[CLS]", ids: [2], tokens: ["[CLS]"] }, "[SEP]": { id: "[SEP]", ids: [3], tokens: ["[SEP]"] } },
  },
  decoder: { type: "WordPiece", prefix: "##", cleanup: true },
  model: { type: "WordPiece", unk_token: "[UNK]", continuing_subword_prefix: "##", max_input_chars_per_word: 100, vocab: vocabulary(BERT_TOKENS) },
};

export const bertTokenizer = () => loadTokenizer(BERT_JSON, { cls_token: "[CLS]", sep_token: "[SEP]", pad_token: "[PAD]" }, BERT_TOKENS.length);

const ROBERTA_SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"];
const ROBERTA_TOKENS = [...ROBERTA_SPECIAL, "a", "b", "ab"];

export const robertaTokenizer = () =>
  loadTokenizer(
    {
      version: "1.0",
      added_tokens: added(ROBERTA_SPECIAL),
      normalizer: null,
      pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
      post_processor: { type: "RobertaProcessing", sep: ["</s>", 2], cls: ["<s>", 0], trim_offsets: true, add_prefix_space: false },
      decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
      model: { type: "BPE", unk_token: "<unk>", vocab: vocabulary(ROBERTA_TOKENS), merges: ["a b"] },
    },
    { bos_token: "<s>", eos_token: "</s>", cls_token: "<s>", sep_token: "</s>", pad_token: "<pad>" },
    ROBERTA_TOKENS.length,
  );
