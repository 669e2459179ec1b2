"""HeteroLoRA's shortcuts in the blocks of transformers' models, for shortcuts.test.ts: python tests/models/shortcuts.py > tests/models/shortcuts.json

Needs torch, transformers 5 and safetensors. Bases and batches are those of tests/golden/cases. A block is written out here, formula by formula, and takes
the place of the layer's own forward; in eval mode, so without dropout. T(h) = M0 h + (alpha / r) B A h, all of them on, with values that are functions of
their names as in tests/harness/tiny-model.ts.

    u = T_res1(h) + Attn(LN1 h)      or, where norms stand behind,  u = LN1(T_res1(h) + Attn(h))
    plain: u = u + T_ffn(f)  |  norm: u = LN(u + T_ffn(f))          f: the u of the layer before; layer 0 has none. LN: Llama LN2, else LN1
    v = T_res2(u) + MLP(LN2 u)       or                             v = LN2(T_res2(u) + MLP(u))
    plain: out = v + T_sa(h)  |  norm: out = LN(v + T_sa(h))        LN: Llama LN1, else LN2

Per case: the loss, the first 32 logits of the last counted token of each row (of a classifier all logits), and of every shortcut's dA and dB (transposed)
the norm and four elements.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

CASES = Path(__file__).parent.parent / "golden" / "cases"
R, ALPHA, SCALE = 3, 6, 0.1


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


def values(name, width):
    """(r, width), by name."""
    key = 5
    for c in name:
        key = mix(key, ord(c))
    data = [SCALE * (mix(key, i) / 2**31 - 1) for i in range(R * width)]
    return torch.tensor(data, dtype=torch.float64).to(torch.float32).reshape(R, width)


class Shortcuts:
    """A (r, C) and the transpose of B (r, C) of every residual and shortcut of the model, by name."""

    def __init__(self, path, layers, width):
        self.p = {}
        for i in range(layers):
            for kind in ["residual_1", "residual_2", "shortcut_sa"] + (["shortcut_ffn"] if i else []):
                for key in "AB":
                    name = f"{path}.{i}.{kind}.proj_{key}"
                    self.p[name] = values(name, width).requires_grad_(True)

    def low(self, site, x):
        return ALPHA / R * (x @ self.p[f"{site}.proj_A"].T) @ self.p[f"{site}.proj_B"]


def block(family, layer, site, cuts, form, state, post):
    """The forward of one layer."""
    if family == "llama":
        ln1, ln2, again_ffn, again_out = layer.input_layernorm, layer.post_attention_layernorm, layer.post_attention_layernorm, layer.input_layernorm
        attention, mlp = lambda x, kw: layer.self_attn(hidden_states=x, **kw)[0], layer.mlp
    elif family == "opt":
        ln1, ln2 = layer.self_attn_layer_norm, layer.final_layer_norm
        again_ffn, again_out = ln1, ln2
        attention, mlp = lambda x, kw: layer.self_attn(hidden_states=x, **kw)[0], lambda x: layer.fc2(layer.activation_fn(layer.fc1(x)))
    else:
        ln1, ln2 = layer.attention.output.LayerNorm, layer.output.LayerNorm
        again_ffn, again_out = ln1, ln2
        attention = lambda x, kw: layer.attention.output.dense(layer.attention.self(x, **kw)[0])
        mlp = lambda x: layer.output.dense(layer.intermediate(x))
    T = lambda kind, x: cuts.low(f"{site}.{kind}", x)

    def forward(h, attention_mask=None, *cross, **kw):
        kw["attention_mask"] = attention_mask
        if post:
            u = ln1(h + T("residual_1", h) + attention(h, kw))
        else:
            u = h + T("residual_1", h) + attention(ln1(h), kw)
        if "f" in state:
            u = u + T("shortcut_ffn", state["f"])
            if form == "norm":
                u = again_ffn(u)
        state["f"] = u
        if post:
            v = ln2(u + T("residual_2", u) + mlp(u))
        else:
            v = u + T("residual_2", u) + mlp(ln2(u))
        out = v + T("shortcut_sa", h)
        return again_out(out) if form == "norm" else out

    return forward


def run(case, form):
    config = json.loads((CASES / case / "config.json").read_text())
    classifies = config["architectures"][0].endswith("ForSequenceClassification")
    auto = AutoModelForSequenceClassification if classifies else AutoModelForCausalLM
    model = auto.from_pretrained(CASES / case, dtype=torch.float32, attn_implementation="eager").eval().requires_grad_(False)
    family = {"llama": "llama", "opt": "opt"}.get(config["model_type"], "bert")
    path = {"llama": "model.layers", "opt": "model.decoder.layers", "bert": f"{config['model_type']}.encoder.layer"}[family]
    layers = model.get_submodule(path)
    cuts = Shortcuts(path, len(layers), config["hidden_size"])
    post = family == "bert" or (family == "opt" and not config["do_layer_norm_before"])
    state = {}
    for i, layer in enumerate(layers):
        layer.forward = block(family, layer, f"{path}.{i}", cuts, form, state, post)

    batch = {k: torch.tensor(v) for k, v in json.loads((CASES / case / "batch.json").read_text()).items()}
    result = model(**batch)
    grads = dict(zip(cuts.p, torch.autograd.grad(result.loss, list(cuts.p.values()))))
    logits = result.logits
    if not classifies:
        last = [int(row.nonzero().max()) for row in batch["attention_mask"]]
        logits = logits[torch.arange(len(last)), torch.tensor(last), :32]
    digest = lambda g: [float(g.norm()), *g.flatten()[[0, 7, 50, -1]].tolist()]
    short = lambda xs: [float(f"{x:.7g}") for x in xs]
    return dict(
        case=case, form=form, loss=result.loss.item(), logits=[short(row.tolist()) for row in logits],
        grads={name: short(digest(g)) for name, g in grads.items()},
    )  # fmt: skip


names = ["llama-lora", "opt-lora", "opt-postnorm-lora", "bert-cls", "roberta-cls"]
print(json.dumps(dict(r=R, alpha=ALPHA, scale=SCALE, cases=[run(c, form) for c in names for form in ("plain", "norm")])))
