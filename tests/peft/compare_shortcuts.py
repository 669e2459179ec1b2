"""Loads a base and a run's folder with the run's own load_shortcuts.py, and compares with what we computed.

    python compare_shortcuts.py BASE RUN VALUES.safetensors

VALUES: as for compare.py. The last line is JSON: the relative error of the logits (max|a - b| / max|b| over the counted tokens, or the rows of a
classifier), how far the base alone and PEFT's adapter alone are from them, and, of a language model, whether it writes the same with its cache as without.
"""

import json
import os
import sys
from inspect import signature
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

base, run, values = sys.argv[1], Path(sys.argv[2]), load_file(sys.argv[3])
sys.path.insert(0, str(run))
from load_shortcuts import load

spec = json.loads((run / "shortcuts.json").read_text())
classifies = spec["task_type"] == "SEQ_CLS"
auto = AutoModelForSequenceClassification if classifies else AutoModelForCausalLM
fresh = lambda: auto.from_pretrained(base, dtype=torch.float32, attn_implementation="eager").eval()

inputs = {"input_ids": values["input_ids"].long(), "attention_mask": values["attention_mask"].long()}
plain = fresh()
if "token_type_ids" in values and "token_type_ids" in signature(plain.forward).parameters and plain.config.type_vocab_size > 1:
    inputs["token_type_ids"] = values["token_type_ids"].long()
counted = slice(None) if classifies else inputs["attention_mask"].bool()
error = lambda a, b: ((a - b).abs().max() / b.abs().max()).item()

with torch.no_grad():
    model = load(fresh(), run).eval()
    ours, theirs = values["logits"].float()[counted], model(**inputs).logits[counted]
    result = {"logits": error(ours, theirs), "again": error(model(**inputs).logits[counted], theirs), "base": error(plain(**inputs).logits[counted], theirs)}
    if spec["adapter"]:
        result["adapter"] = error(PeftModel.from_pretrained(fresh(), run / "adapter").eval()(**inputs).logits[counted], theirs)
    if not classifies:
        prompt = inputs["input_ids"][:1, :6]
        write = lambda cache: model.generate(input_ids=prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=6, do_sample=False, eos_token_id=None, pad_token_id=0, use_cache=cache)
        result["cached"] = torch.equal(write(True), write(False))
print(json.dumps(result))
