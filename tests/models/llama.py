"""Logits of tiny random Llamas by transformers, for llama.test.ts: python tests/models/llama.py > tests/models/llama.json

Needs torch and transformers 5. Weights are functions of a tensor's name and an element's index, as in tests/harness/tiny-model.ts.
"""

import json

import torch
from transformers import LlamaConfig, LlamaForCausalLM

COMMON = dict(
    vocab_size=61, hidden_size=32, intermediate_size=44, num_hidden_layers=2, num_attention_heads=4,
    max_position_embeddings=64, rms_norm_eps=1e-5, hidden_act="silu",
)  # fmt: skip
LLAMA3 = dict(
    rope_type="llama3", rope_theta=10000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
    original_max_position_embeddings=16,
)  # fmt: skip
CASES = {
    "llama3 rope, biases everywhere, own head": dict(
        rope_parameters=LLAMA3, attention_bias=True, mlp_bias=True, tie_word_embeddings=False, head_dim=8,
        num_key_value_heads=2,
    ),
    "linear rope, wide heads, tied head": dict(
        rope_parameters=dict(rope_type="linear", rope_theta=10000.0, factor=4.0), attention_bias=False, mlp_bias=False,
        tie_word_embeddings=True, head_dim=12, num_key_value_heads=4,
    ),
}  # fmt: skip


def fmix32(h):
    h ^= h >> 16
    h = h * 0x85EBCA6B & 0xFFFFFFFF
    h ^= h >> 13
    h = h * 0xC2B2AE35 & 0xFFFFFFFF
    return h ^ (h >> 16)


def mix(*keys):
    h = 0
    for key in keys:
        h = fmix32(((h ^ (key & 0xFFFFFFFF)) + 0x9E3779B9) & 0xFFFFFFFF)
    return h


def fill(name, p):
    key = 7
    for c in name:
        key = mix(key, ord(c))
    offset, scale = (1, 0.3) if "norm" in name else (0, 0.3) if name.endswith("bias") else (0, 1.7 / p.shape[1] ** 0.5)
    values = [offset + scale * (mix(key, i) / 2**31 - 1) for i in range(p.numel())]
    p.copy_(torch.tensor(values, dtype=torch.float64).to(torch.float32).reshape(p.shape))


ids = [(i * i * 7 + 3 * i + 1) % 61 for i in range(40)]
out = []
for name, case in CASES.items():
    model = LlamaForCausalLM(LlamaConfig(**COMMON, **case, attn_implementation="eager")).eval()
    with torch.no_grad():
        for n, p in model.named_parameters():
            fill(n, p)
        logits = model(torch.tensor([ids])).logits[0]
        greedy = model.generate(torch.tensor([ids[:20]]), max_new_tokens=8, do_sample=False, eos_token_id=None, pad_token_id=0)
    rows = {str(t): [round(x, 6) for x in logits[t].tolist()] for t in (0, 17, 39)}
    out.append(dict(name=name, config={**COMMON, **case}, ids=ids, logits=rows, greedy=greedy[0, 20:].tolist()))
print(json.dumps(out, indent=1))
