"""Loads a base and one of our adapters in PEFT, unchanged, and compares with what we computed.

    python compare.py BASE ADAPTER [VALUES.safetensors] [--tolerance 1e-4]

BASE: a model folder (or hub id). ADAPTER: a folder with adapter_config.json and adapter_model.safetensors.
VALUES: `input_ids` (B, T), `logits` (B, T, V), of a classifier (B, classes), and, where rows are padded or paired, `attention_mask` and
`token_type_ids` (B, T).

Checked: PEFT reports no missing key; every tensor in the file is the model's; the adapter changes the logits; merge_and_unload gives the
adapter's logits; VALUES' logits are PEFT's (both: max|a - b| / max|b| over the counted tokens, or the rows of a classifier). The last line is JSON: the two errors, the
adapter's effect (the same measure against the base alone), and [r, scaling] per module. Exit 1 where a check fails.
"""

import argparse
import json
import os
import sys
import warnings
from inspect import signature
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from peft import PeftModel
from peft.tuners.lora import LoraLayer
from peft.utils import get_peft_model_state_dict
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("base")
    parser.add_argument("adapter")
    parser.add_argument("values", nargs="?")
    parser.add_argument("--tolerance", type=float, default=1e-4)
    args = parser.parse_args()

    config = json.loads((Path(args.adapter) / "adapter_config.json").read_text())
    file = load_file(Path(args.adapter) / "adapter_model.safetensors")
    classifies = config["task_type"] == "SEQ_CLS"
    if classifies:
        head = [tensor for name, tensor in file.items() if name.split(".")[-2] in ("classifier", "score", "out_proj") and "lora" not in name]
        base = AutoModelForSequenceClassification.from_pretrained(args.base, dtype=torch.float32, num_labels=head[0].shape[0]).eval()
    else:
        base = AutoModelForCausalLM.from_pretrained(args.base, dtype=torch.float32).eval()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = PeftModel.from_pretrained(base, args.adapter).eval()
    for warning in caught:
        if "adapter" in str(warning.message).lower():
            fail(f"PEFT warns: {warning.message}")

    loaded = get_peft_model_state_dict(model, save_embedding_layers=False)
    if file.keys() != loaded.keys():
        fail(f"tensors differ: {sorted(file.keys() ^ loaded.keys())}")
    for name, tensor in file.items():
        if not torch.equal(tensor, loaded[name]):
            fail(f"{name}: PEFT's values differ from the file's")

    modules = {
        name.removeprefix("base_model.model."): [layer.r["default"], layer.scaling["default"]]
        for name, layer in model.named_modules()
        if isinstance(layer, LoraLayer)
    }

    values = load_file(args.values) if args.values else {}
    if args.values:
        ids = values["input_ids"].long()
    else:
        ids = torch.randint(0, base.config.vocab_size, (2, 24), generator=torch.Generator().manual_seed(0))
    mask = values["attention_mask"].long() if "attention_mask" in values else torch.ones_like(ids)
    if classifies and base.config.pad_token_id is not None:
        ids = ids.masked_fill(mask == 0, base.config.pad_token_id)  # decoders find the last token of a row by it
    counted = slice(None) if classifies else mask.bool()
    inputs = {"input_ids": ids, "attention_mask": mask}
    if "token_type_ids" in values and "token_type_ids" in signature(base.forward).parameters and getattr(base.config, "type_vocab_size", 1) > 1:
        inputs["token_type_ids"] = values["token_type_ids"].long()

    with torch.no_grad():
        truth = model(**inputs).logits[counted]
        with model.disable_adapter():
            plain = model(**inputs).logits[counted]
        merged = model.merge_and_unload()(**inputs).logits[counted]

    result = {"effect": error(plain, truth), "merged": error(merged, truth)}
    if args.values:
        if not classifies and values["logits"].shape[:2] != ids.shape:
            fail(f"logits are {tuple(values['logits'].shape)}, input_ids {tuple(ids.shape)}")
        result["logits"] = error(values["logits"].float()[counted], truth)
    print(json.dumps({**result, "modules": modules}))
    if result["effect"] < 10 * args.tolerance:
        fail(f"the adapter changes the logits by {result['effect']:.1e} only: too little for this comparison to show anything")
    for kind in ("merged", "logits"):
        if kind in result and not result[kind] < args.tolerance:
            fail(f"{kind}: relative error {result[kind]:.1e} is not below {args.tolerance:.0e}")


def error(a: torch.Tensor, b: torch.Tensor) -> float:
    return ((a - b).abs().max() / b.abs().max()).item()


def fail(message: str) -> None:
    print(f"compare.py: {message}", file=sys.stderr)
    sys.exit(1)


main()
