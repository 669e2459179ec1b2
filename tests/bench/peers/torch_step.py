"""The reference step in PyTorch on the CPU. Reads a count per line from stdin, does so many steps, answers with one line of JSON: ms and losses.

Usage: torch_step.py FOLDER THREADS, where FOLDER holds data.json and values.bin.
"""

import json
import math
import sys
import time

import torch
import torch.nn.functional as F

folder, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)
with open(f"{folder}/data.json") as file:
    data = json.load(file)
with open(f"{folder}/values.bin", "rb") as file:
    values = torch.frombuffer(bytearray(file.read()), dtype=torch.float32)
B, T, C, L, H = (data["shape"][letter] for letter in "BTCLH")
W = {name: values[at["offset"] : at["offset"] + math.prod(at["shape"])].clone().view(at["shape"]) for name, at in data["index"].items()}
trained = [W[name].requires_grad_() for name in W if name.endswith((".A", ".B"))]
ids = torch.tensor(data["inputIds"]).view(B, T)
targets = torch.tensor(data["targets"])
o = data["optimizer"]
adamw = torch.optim.AdamW(trained, lr=o["lr"], betas=(o["beta1"], o["beta2"]), eps=o["eps"], weight_decay=o["weightDecay"])


def linear(x, site):
    return x @ W[f"{site}.w"] + (x @ W[f"{site}.A"]) @ W[f"{site}.B"] * data["scale"]


def layer_norm(x, site):
    return F.layer_norm(x, (C,), W[f"{site}.g"], W[f"{site}.b"], 1e-5)


def loss_of():
    h = (W["wte"][ids] + W["wpe"]).view(B * T, C)
    for layer in range(L):
        x = layer_norm(h, f"{layer}.ln1")
        q, k, v = (linear(x, f"{layer}.{site}").view(B, T, H, C // H).transpose(1, 2) for site in "qkv")
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(B * T, C)
        h = h + linear(mixed, f"{layer}.o")
        h = h + linear(F.gelu(linear(layer_norm(h, f"{layer}.ln2"), f"{layer}.up"), approximate="tanh"), f"{layer}.down")
    return F.cross_entropy(layer_norm(h, "lnf") @ W["wte"].t(), targets, ignore_index=-100)


print(json.dumps({"version": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
for line in sys.stdin:
    ms, losses = [], []
    for _ in range(int(line)):
        began = time.perf_counter()
        adamw.zero_grad()
        loss = loss_of()
        loss.backward()
        adamw.step()
        losses.append(loss.item())
        ms.append((time.perf_counter() - began) * 1000)
    print(json.dumps({"ms": ms, "losses": losses}), flush=True)
