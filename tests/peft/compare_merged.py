"""Opens a merged model in transformers, unchanged, and compares with PEFT on the base and with what we computed.

    python compare_merged.py BASE ADAPTER MERGED VALUES.safetensors

BASE, MERGED: model folders. ADAPTER: a PEFT folder. VALUES: as compare.py has them. The last line is JSON: max|a - b| / max|b| over the counted tokens, or
the rows of a classifier, of the merged model against PEFT (`peft`), against VALUES' logits (`ours`), and of the base against PEFT (`effect`); `missing`,
`unexpected`: names of weights; `tied`: whether the head of a language model is the embedding itself; `labels`: a classifier's.
"""

import json
import os
import sys
from inspect import signature

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification


def main(base_folder: str, adapter: str, merged_folder: str, values_file: str) -> None:
    values = load_file(values_file)
    classifies = values["logits"].dim() == 2
    auto = AutoModelForSequenceClassification if classifies else AutoModelForCausalLM
    labels = {"num_labels": values["logits"].shape[1]} if classifies else {}
    base = auto.from_pretrained(base_folder, dtype=torch.float32, **labels).eval()
    merged, info = auto.from_pretrained(merged_folder, output_loading_info=True)
    merged.eval()
    ids = values["input_ids"].long()
    mask = values["attention_mask"].long()
    inputs = {"input_ids": ids, "attention_mask": mask}
    if "token_type_ids" in signature(base.forward).parameters and getattr(base.config, "type_vocab_size", 1) > 1:
        inputs["token_type_ids"] = values["token_type_ids"].long()
    counted = slice(None) if classifies else mask.bool()
    with torch.no_grad():
        plain = base(**inputs).logits[counted]
        peft = PeftModel.from_pretrained(base, adapter).eval()(**inputs).logits[counted]
        ours = merged(**inputs).logits[counted]
    print(
        json.dumps(
            {
                "peft": error(ours, peft),
                "ours": error(ours, values["logits"][counted]),
                "effect": error(plain, peft),
                "missing": sorted(info["missing_keys"]),
                "unexpected": sorted(info["unexpected_keys"]),
                "dtype": str(merged.dtype),
                "tied": None if classifies else merged.get_output_embeddings().weight.data_ptr() == merged.get_input_embeddings().weight.data_ptr(),
                "labels": merged.config.num_labels if classifies else None,
            }
        )
    )


def error(a: torch.Tensor, b: torch.Tensor) -> float:
    return ((a - b).abs().max() / b.abs().max()).item()


main(*sys.argv[1:])
