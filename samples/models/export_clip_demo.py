"""Measures a checkpoint of train_clip_demo.py on test pairs it never saw and writes the model folder.

    /usr/bin/python3 export_clip_demo.py --work DIR --test DIR --pool DIR --out clip-demo
"""
import argparse
import json
import os
import shutil

import torch

from byte_bpe import CONTEXT
from dual_encoder_folder import Embedder, export, figures, write_golden
from evaluate_on_pool import load_model
from model_card import CLIP_HOW, CLIP_LIMITS, dual_encoder_card
from model_folder import image_processor, provenance, twins, write_json
from pair_data import SIDE
from train_clip_demo import ids_of


def parse(out):
    p = argparse.ArgumentParser()
    p.add_argument("--work", required=True)
    p.add_argument("--test", required=True)
    p.add_argument("--pool", required=True)
    p.add_argument("--out", default=out)
    args = p.parse_args()
    torch.set_num_threads(2)
    return args


def embedder_of(bpe, model):
    return Embedder(model, lambda captions: ids_of(bpe, captions), bpe.encode, CONTEXT)


def configs(bpe, model):
    dimension = model.text.projection.out_features
    width = model.text.projection.in_features

    def inner(blocks):
        return blocks[0].mlp[0].out_features

    return {
        "config.json": {
            "architectures": ["CLIPModel"], "model_type": "clip", "projection_dim": dimension,
            "logit_scale_init_value": 2.6592,
            "text_config": {
                "model_type": "clip_text_model", "vocab_size": len(bpe.vocab), "hidden_size": width,
                "intermediate_size": inner(model.text.blocks), "num_hidden_layers": len(model.text.blocks),
                "num_attention_heads": 4,
                "max_position_embeddings": CONTEXT, "hidden_act": "gelu", "projection_dim": dimension,
                "bos_token_id": bpe.start, "eos_token_id": bpe.end, "pad_token_id": bpe.end},
            "vision_config": {
                "model_type": "clip_vision_model", "image_size": SIDE, "patch_size": 8, "num_channels": 3,
                "hidden_size": width, "intermediate_size": inner(model.vision.blocks),
                "num_hidden_layers": len(model.vision.blocks),
                "num_attention_heads": 4, "hidden_act": "gelu", "projection_dim": dimension}},
        "preprocessor_config.json": image_processor("CLIPImageProcessor", squash=False),
    }


def write_clip_folder(args, bpe, model, made, how, limits, pictures):
    """A folder of kind clip; `made` is the manifest's provenance. Figures are printed and stored."""
    embedder = embedder_of(bpe, model)
    quality = figures(embedder, args.test, args.pool)
    print(json.dumps(quality, indent=2))
    export(os.path.join(args.out, "onnx"), embedder)
    bpe.save(args.out)
    documents = configs(bpe, model)
    for name, value in documents.items():
        write_json(args.out, name, value)
    write_golden(args.out, embedder, args.test, pictures)
    shutil.copy(os.path.join(args.work, "training.log"), os.path.join(args.out, "training.log"))
    manifest = {
        "kind": "clip",
        "files": twins({"vision": "onnx/vision_model.onnx", "text": "onnx/text_model.onnx"}),
        "inputs": {"vision": "pixel_values", "text": "input_ids"},
        "outputs": {"vision": "image_embeds", "text": "text_embeds"},
        "logit_scale": float(model.logit_scale.exp()), "logit_bias": 0.0,
        "golden": "golden.json", "licence": "MIT", "provenance": made, "quality": quality}
    write_json(args.out, "orchestrator.json", manifest)
    dual_encoder_card(args.out, manifest, documents["config.json"], how, limits)


def main():
    args = parse("clip-demo")
    bpe, model, state = load_model(args.work)
    made = provenance(
        model, state, ["train_clip_demo.py", "export_clip_demo.py"],
        f"{state['pictures']} pictures with 4 captions each, drawn by samples/PoolTool pairs --seed 1001")
    write_clip_folder(args, bpe, model, made, CLIP_HOW, CLIP_LIMITS, pictures=6)


if __name__ == "__main__":
    main()
