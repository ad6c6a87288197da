"""Writing a model folder: graphs in fp32 and fp16, golden vectors, JSON documents, and where the weights come from."""
import io
import json
import os
import shutil
import tarfile

import numpy as np
import onnx
import torch

from onnx_half import to_half
from pair_data import SIDE, STD, MEAN

OPSET = 14


def write_json(folder, name, value):
    with open(os.path.join(folder, name), "w", encoding="utf-8", newline="\n") as f:
        f.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def export_graph(folder, name, module, examples, inputs, outputs, axes, half_border=()):
    """`name`.onnx and `name`_fp16.onnx. Inputs and outputs whose names begin with one of `half_border` are float16 in the
    latter, the others stay float32."""
    os.makedirs(folder, exist_ok=True)
    buffer = io.BytesIO()
    torch.onnx.export(
        module, examples, buffer, opset_version=OPSET, input_names=inputs, output_names=outputs, dynamic_axes=axes)
    graph = onnx.load_model_from_string(buffer.getvalue())
    onnx.checker.check_model(graph, full_check=True)
    # What the exporter notes about source lines would name folders of the machine it ran on.
    for node in graph.graph.node:
        node.ClearField("doc_string")
    onnx.save(graph, os.path.join(folder, name + ".onnx"))
    onnx.save(to_half(graph, tuple(half_border)), os.path.join(folder, name + "_fp16.onnx"))


def twins(files):
    """Every file and its fp16 twin, as the manifest lists them."""
    return {**files, **{f"{k}_fp16": f"{v[:-len('.onnx')]}_fp16.onnx" for k, v in files.items()}}


def image_processor(kind, squash, mean=MEAN, std=STD):
    """preprocessor_config.json."""
    size = {"height": SIDE, "width": SIDE}
    crop = {"do_center_crop": False} if squash else {"do_center_crop": True, "crop_size": size}
    return {
        "image_processor_type": kind, "do_convert_rgb": True, "do_resize": True,
        "size": size if squash else {"shortest_edge": SIDE}, "resample": 3, **crop, "do_rescale": True,
        "rescale_factor": 1 / 255, "do_normalize": True, "image_mean": mean, "image_std": std}


def provenance(model, state, scripts, data, **more):
    plans = state.get("plans", [])
    if len(plans) > 1:
        more["rate_schedule"] = "; ".join(f"from step {start} as for {steps} steps" for start, steps in plans)
    return {
        "scripts": [f"samples/models/{name}" for name in scripts], "data": data,
        "seed": state["seed"], "steps": state["step"], "planned_steps": state["steps"], "batch": state["batch"],
        "training_seconds": round(state["seconds"]),
        "hardware": state.get("accelerator") or "two shared CPU cores",
        "framework": f"PyTorch {torch.__version__}", "parameters": sum(p.numel() for p in model.parameters()), **more}


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    return folder


def sample_pictures(test, count):
    """`count` encoded pictures of the first tar, the last two a PNG and a WebP: pairs of extension and bytes."""
    with tarfile.open(os.path.join(test, "00000000.tar")) as tar:
        kinds = {}
        for member in tar.getmembers():
            if not member.name.endswith(".json"):
                kinds.setdefault(member.name.rsplit(".", 1)[1], []).append(member)
        chosen = [*kinds["jpg"][:count - 2], kinds["png"][0], kinds["webp"][0]]
        return [(m.name.rsplit(".", 1)[1], tar.extractfile(m).read()) for m in chosen]


class GoldenRuns:
    """golden.json of the kinds that are no dual encoders: named runs of one graph with their inputs and outputs as .npy."""

    def __init__(self, out):
        self.out, self.runs, self.names = out, [], {}
        fresh(os.path.join(out, "golden"))

    def _file(self, run, name, tensor):
        # An output that a later run takes as its input is written once.
        if id(tensor) not in self.names:
            self.names[id(tensor)] = (f"golden/{run}.{name}.npy", tensor)
            np.save(os.path.join(self.out, self.names[id(tensor)][0]), tensor.numpy())
        return self.names[id(tensor)][0]

    def add(self, run, file, inputs, outputs):
        self.runs.append({
            "name": run, "file": file,
            "inputs": {k: self._file(run, k, v) for k, v in inputs.items()},
            "outputs": {k: self._file(run, k, v) for k, v in outputs.items()}})

    def write(self, texts):
        write_json(self.out, "golden.json", {"framework": f"PyTorch {torch.__version__}", "runs": self.runs, "texts": texts})
