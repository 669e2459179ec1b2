"""Puts what a Rankscope run trained on its base: the PEFT adapter in adapter/, where there is one, and HeteroLoRA's shortcuts, which PEFT cannot hold.

    from transformers import AutoModelForCausalLM
    from load_shortcuts import load

    model = load(AutoModelForCausalLM.from_pretrained("the base"), "the run's folder")

Needs torch, transformers, safetensors and, for adapter/, peft. Llama, OPT, BERT and RoBERTa; for inference (the shortcuts have no dropout of their own).

A shortcut is T(h) = M0 h + (alpha / r) B A h (Zhang et al. 2024, arXiv 2406.14956). In layer l with input h, where f is the u of layer l - 1:

    u = T_residual_1(h) + Attention(h);   l > 0: u = u + T_shortcut_ffn(f)     M0 = I: residuals
    v = T_residual_2(u) + MLP(u);         out = v + T_shortcut_sa(h)           M0 = 0: shortcuts

In the form "norm" (the authors') the block's norm stands behind each of the last two sums once more, whether its shortcut is there or not. They are set in
with hooks; a shortcut is a module of its layer: model.layers.0.residual_1.proj_A.
"""

import json
from pathlib import Path

from safetensors.torch import load_file
from torch import nn

# Where the layers are; the two norms of a layer, before its halves or behind them; the last linear layer of either half, where norms stand before;
# the norms that the form "norm" uses again.
LLAMA = dict(layers="model.layers", norms=("input_layernorm", "post_attention_layernorm"), ends=("self_attn.o_proj", "mlp.down_proj"), again=(1, 0))
OPT = dict(layers="model.decoder.layers", norms=("self_attn_layer_norm", "final_layer_norm"), ends=("self_attn.out_proj", "fc2"), again=(0, 1))
ENCODER = dict(layers="encoder.layer", norms=("attention.output.LayerNorm", "output.LayerNorm"), again=(0, 1))


class Shortcut(nn.Module):
    """(alpha / r) B A h"""

    def __init__(self, A, B, alpha):
        super().__init__()
        r, width = A.shape
        self.proj_A, self.proj_B, self.scale = nn.Linear(width, r, bias=False), nn.Linear(r, B.shape[0], bias=False), alpha / r
        self.proj_A.weight, self.proj_B.weight = nn.Parameter(A, requires_grad=False), nn.Parameter(B, requires_grad=False)

    def forward(self, h):
        return self.scale * self.proj_B(self.proj_A(h))


def load(base, folder="."):
    """base: a transformers model, which is changed. Returns it, within PEFT's where there is an adapter."""
    folder = Path(folder)
    spec = json.loads((folder / "shortcuts.json").read_text())
    if spec["format"] != "rankscope-shortcuts-1":
        raise ValueError(f"shortcuts.json has the format {spec['format']!r}, which this file does not know: take the one of its own run")
    kind = base.config.model_type
    if kind != spec["model_type"]:
        raise ValueError(f"the shortcuts are of a {spec['model_type']} model, the base is a {kind} model")
    tensors = load_file(folder / "shortcuts.safetensors")
    model = base
    if spec["adapter"]:
        from peft import PeftModel

        model = PeftModel.from_pretrained(base, folder / spec["adapter"])
    for name in spec["saved"]:
        base.get_parameter(name).data.copy_(tensors[name])

    place = {"llama": LLAMA, "opt": OPT}.get(kind, ENCODER)
    behind = place is ENCODER or (kind == "opt" and not base.config.do_layer_norm_before)
    path = f"{kind}.{place['layers']}" if place is ENCODER else place["layers"]
    layers = base.get_submodule(path)
    weight = next(base.parameters())
    for site, of in spec["shortcuts"].items():
        owner, name = site.rsplit(".", 1)
        cut = Shortcut(tensors[f"{site}.proj_A.weight"], tensors[f"{site}.proj_B.weight"], of["alpha"])
        base.get_submodule(owner).add_module(name, cut.to(weight.device, weight.dtype))
    seen = {}
    for i, layer in enumerate(layers):
        _hook(layer, i, place, behind, spec["form"] == "norm", seen)
    return model


def _hook(layer, i, place, behind, normed, seen):
    """seen: h, the input of the layer that is running; u, its MLP's input, which the next layer finds as the f it reads."""
    first, second = (layer.get_submodule(name) for name in place["norms"])
    again = [layer.get_submodule(place["norms"][k]) for k in place["again"]]

    def low(name, x, like):
        cut = getattr(layer, name, None)
        return 0 if cut is None else cut(x).view_as(like)

    def end(x, norm):
        return norm.forward(x) if normed else x  # not norm(x), whose hooks would run

    def enter(_, args, kwargs):
        seen["h"] = args[0] if args else kwargs["hidden_states"]
        if i == 0:
            seen.pop("u", None)

    def middle(u):
        """u as it goes on, with what comes from the layer before."""
        if i > 0:
            u = end(u + low("shortcut_ffn", seen["u"], u), again[0])
        seen["u"] = u
        return u

    def leave(_, __, output):
        out = output[0] if isinstance(output, tuple) else output
        out = end(out + low("shortcut_sa", seen["h"], out), again[1])
        return (out, *output[1:]) if isinstance(output, tuple) else out

    layer.register_forward_pre_hook(enter, with_kwargs=True)
    if behind:
        first.register_forward_pre_hook(lambda _, args: (args[0] + low("residual_1", seen["h"], args[0]),))
        first.register_forward_hook(lambda _, __, u: middle(u))
        second.register_forward_pre_hook(lambda _, args: (args[0] + low("residual_2", seen["u"], args[0]),))
    else:
        attention, mlp = (layer.get_submodule(name) for name in place["ends"])
        # The layer adds h to what this gives: together they are u.
        attention.register_forward_hook(lambda _, __, y: middle(seen["h"] + y + low("residual_1", seen["h"], y)) - seen["h"])
        mlp.register_forward_hook(lambda _, __, y: y + low("residual_2", seen["u"], y))
    layer.register_forward_hook(leave)
