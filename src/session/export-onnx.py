"""Trains with the exported graphs in ONNX Runtime: micro.onnx (forward and backward, gradients are added up), then update.onnx (clipping and AdamW).

    pip install onnxruntime numpy safetensors
    python run.py            prints the loss of every batch in batches.safetensors; the values afterwards go to trained.safetensors
"""

import json
from pathlib import Path

import numpy as np
import onnxruntime as ort
from safetensors.numpy import load_file, save_file

here = Path(__file__).parent
manifest = json.loads((here / "manifest.json").read_text())
state = load_file(here / "state.safetensors")
state["segments"] = state["segments"].view(np.uint32)
state["gradients"] = np.zeros(len(state["parameters"]), np.float32)
batches = load_file(here / "batches.safetensors")

# As the exporter runs them: without graph optimisation, whose merging of common subexpressions would undo gradient checkpointing.
options = ort.SessionOptions()
options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
sessions = {name: ort.InferenceSession(here / f"{name}.onnx", options) for name in manifest["models"]}


def run(name, batch):
    """Runs one model on the state and a batch; writes what it updates back; returns its captures."""

    def value(i):
        source = batch.get(i["leaf"], state.get(i["leaf"])).reshape(-1)
        begin = i.get("flat", 0) + i["offset"]
        return source[begin : begin + int(np.prod(i["shape"]))].reshape(i["shape"])

    model = manifest["models"][name]
    results = sessions[name].run([o["name"] for o in model["outputs"]], {i["name"]: value(i) for i in model["inputs"]})
    captures = {}
    for o, result in zip(model["outputs"], results):
        if "capture" in o:
            captures[o["capture"]] = result
        else:
            begin = o.get("flat", 0)
            target = state[o["leaf"]].reshape(-1)
            target[begin : begin + result.size] = result.reshape(-1)
            state[o["leaf"]] = target.reshape(state[o["leaf"]].shape)
    return captures


steps = 1 + max(int(name.split(".")[0]) for name in batches)
for step in range(steps):
    batch = {name.split(".", 1)[1]: v for name, v in batches.items() if name.startswith(f"{step}.")}
    batch["counter"] = batch["counter"].view(np.uint32)
    loss = run("micro", batch)["loss"]
    norm = run("update", batch)["norm"]
    print(f"step {step + 1}  loss {loss[0]:.5f}  gradient norm {norm[0]:.4f}")
trained = {s["name"]: state["parameters"][s["offset"] : s["offset"] + int(np.prod(s["shape"]))].reshape(s["shape"]) for s in manifest["segments"]}
save_file(trained, here / "trained.safetensors")
