"""Measures a checkpoint of train_clip_demo.py on test pairs it never saw and writes the model folder.

    /usr/bin/python3 export_clip_demo.py --work DIR --test DIR --pool DIR --out clip-demo
"""
import argparse
import io
import json
import os
import random
import shutil
import tarfile

import numpy as np
import onnx
import torch

from byte_bpe import CONTEXT
from distractors import english_phrases
from evaluate_on_pool import load_model, measure
from evaluation import evaluate
from model_card import model_card
from onnx_half import to_half
from pair_data import MEAN, SIDE, STD, load_pairs, normalise, preprocess
from train_clip_demo import ids_of

OPSET = 14
GOLDEN_IMAGES = 6
GOLDEN_TEXTS = [
    "a large red circle to the left of a small blue striped square",
    "An orange star on a navy background.",
    "a small green dotted heart inside a large yellow ring",
    "add to cart",
    "IMG_2043.JPG",
    "Überraschung: 3 käse-würfel, l'été & 東京 🙂 don't",
    "",
    " ".join(["a purple checked diamond and a brown cross"] * 12),
]


def export(folder, model):
    """The four graphs, split as transformers.js and optimum do."""
    os.makedirs(folder, exist_ok=True)
    pixels = torch.zeros(2, 3, SIDE, SIDE)
    ids = torch.zeros(2, CONTEXT, dtype=torch.int64)
    graphs = {
        "vision_model": (model.vision, pixels, "pixel_values", "image_embeds", {0: "batch_size"}),
        "text_model": (model.text, ids, "input_ids", "text_embeds", {0: "batch_size", 1: "sequence_length"}),
    }
    for name, (tower, example, source, target, axes) in graphs.items():
        buffer = io.BytesIO()
        torch.onnx.export(
            tower, example, buffer, opset_version=OPSET, input_names=[source], output_names=[target],
            dynamic_axes={source: axes, target: {0: "batch_size"}})
        graph = onnx.load_model_from_string(buffer.getvalue())
        onnx.checker.check_model(graph, full_check=True)
        # What the exporter notes about source lines would name folders of the machine it ran on.
        for node in graph.graph.node:
            node.ClearField("doc_string")
        onnx.save(graph, os.path.join(folder, name + ".onnx"))
        onnx.save(to_half(graph), os.path.join(folder, name + "_fp16.onnx"))


def write_golden(out, model, bpe, test):
    """Inputs with PyTorch's embeddings: whole pictures, the pixels made of them, and ids of odd texts."""
    folder = os.path.join(out, "golden")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    images = []
    with tarfile.open(os.path.join(test, "00000000.tar")) as tar:
        members = [m for m in tar.getmembers() if not m.name.endswith(".json")]
        kinds = {}
        for m in members:
            kinds.setdefault(m.name.rsplit(".", 1)[1], []).append(m)
        chosen = [*kinds["jpg"][: GOLDEN_IMAGES - 2], kinds["png"][0], kinds["webp"][0]]
        for i, member in enumerate(chosen):
            data = tar.extractfile(member).read()
            name = f"{i}.{member.name.rsplit('.', 1)[1]}"
            with open(os.path.join(folder, name), "wb") as f:
                f.write(data)
            x = normalise(preprocess(data)[None])
            np.save(os.path.join(folder, f"{i}.npy"), x)
            images.append({
                "file": f"golden/{name}", "pixel_values": f"golden/{i}.npy",
                "image_embeds": model.vision(torch.from_numpy(x))[0].tolist()})
    texts = []
    for text in GOLDEN_TEXTS:
        ids = bpe.encode(text)
        texts.append({"text": text, "input_ids": ids, "text_embeds": model.text(torch.tensor([ids]))[0].tolist()})
    write_json(out, "golden.json", {
        "source": f"PyTorch {torch.__version__}, float32, one row at a time; embeddings before L2 normalisation",
        "tolerance": {"fp32_max_relative_error": 1e-4, "fp16_max_relative_error": 1e-2,
                      "note": "error of a row: largest absolute difference over the row's largest absolute value"},
        "images": images, "texts": texts})


def configs(bpe, model):
    dimension = model.text.projection.out_features
    width = model.text.projection.in_features
    return {
        "config.json": {
            "architectures": ["CLIPModel"], "model_type": "clip", "projection_dim": dimension,
            "logit_scale_init_value": 2.6592,
            "text_config": {
                "model_type": "clip_text_model", "vocab_size": len(bpe.vocab), "hidden_size": width,
                "intermediate_size": 4 * width, "num_hidden_layers": len(model.text.blocks), "num_attention_heads": 4,
                "max_position_embeddings": CONTEXT, "hidden_act": "gelu", "projection_dim": dimension,
                "bos_token_id": bpe.start, "eos_token_id": bpe.end, "pad_token_id": bpe.end},
            "vision_config": {
                "model_type": "clip_vision_model", "image_size": SIDE, "patch_size": 8, "num_channels": 3,
                "hidden_size": width, "intermediate_size": 4 * width, "num_hidden_layers": len(model.vision.blocks),
                "num_attention_heads": 4, "hidden_act": "gelu", "projection_dim": dimension}},
        "preprocessor_config.json": {
            "image_processor_type": "CLIPImageProcessor", "do_convert_rgb": True, "do_resize": True,
            "size": {"shortest_edge": SIDE}, "resample": 3, "do_center_crop": True,
            "crop_size": {"height": SIDE, "width": SIDE}, "do_rescale": True, "rescale_factor": 1 / 255,
            "do_normalize": True, "image_mean": MEAN, "image_std": STD},
    }


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--work", required=True)
    p.add_argument("--test", required=True)
    p.add_argument("--pool", required=True)
    p.add_argument("--out", required=True)
    args = p.parse_args()
    torch.set_num_threads(2)
    bpe, model, state = load_model(args.work)
    pixels, texts = load_pairs(args.test)
    quality = evaluate(
        lambda x: model.vision(torch.from_numpy(x)).numpy(), lambda t: model.text(ids_of(bpe, t)).numpy(),
        pixels, texts, english_phrases(), random.Random(0))
    quality = {
        "pairs": {"data": "PoolTool pairs --count 4000 --seed 3003", **{k: round(v, 4) for k, v in quality.items()}},
        "pool": {"data": "PoolTool pool --seed 4004", **measure(bpe, model, args.pool)}}
    print(json.dumps(quality, indent=2))

    export(os.path.join(args.out, "onnx"), model)
    bpe.save(args.out)
    documents = configs(bpe, model)
    for name, value in documents.items():
        write_json(args.out, name, value)
    write_golden(args.out, model, bpe, args.test)
    shutil.copy(os.path.join(args.work, "training.log"), os.path.join(args.out, "training.log"))
    manifest = {
        "kind": "clip",
        "files": {"vision": "onnx/vision_model.onnx", "text": "onnx/text_model.onnx",
                  "vision_fp16": "onnx/vision_model_fp16.onnx", "text_fp16": "onnx/text_model_fp16.onnx"},
        "inputs": {"vision": "pixel_values", "text": "input_ids"},
        "outputs": {"vision": "image_embeds", "text": "text_embeds"},
        "logit_scale": float(model.logit_scale.exp()), "logit_bias": 0.0,
        "golden": "golden.json",
        "licence": "MIT",
        "provenance": {
            "scripts": ["samples/models/train_clip_demo.py", "samples/models/export_clip_demo.py"],
            "data": f"{state['pictures']} pictures with 4 captions each, drawn by samples/PoolTool pairs --seed 1001",
            "seed": state["seed"], "steps": state["step"], "planned_steps": state["steps"], "batch": state["batch"],
            "training_seconds": round(state["seconds"]), "hardware": "two shared CPU cores",
            "framework": f"PyTorch {torch.__version__}", "parameters": model.parameters_count()},
        "quality": quality}
    write_json(args.out, "orchestrator.json", manifest)
    with open(os.path.join(args.out, "README.md"), "w", encoding="utf-8", newline="\n") as f:
        f.write(model_card(manifest, documents["config.json"]))


def write_json(folder, name, value):
    with open(os.path.join(folder, name), "w", encoding="utf-8", newline="\n") as f:
        f.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
