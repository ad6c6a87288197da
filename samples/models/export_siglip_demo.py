"""Measures a checkpoint of train_siglip_demo.py on pairs and a pool it never saw and writes the model folder.

    /usr/bin/python3 export_siglip_demo.py --work DIR --test DIR --pool DIR --out siglip-demo
"""
import json
import os
import shutil

import numpy as np

from dual_encoder_folder import Embedder, export, figures, write_golden
from evaluate_on_pool import FALSE, usable
from evaluation import unit
from export_clip_demo import parse
from model_card import CLIP_LIMITS, SIGLIP_HOW, dual_encoder_card
from model_folder import image_processor, provenance, twins, write_json
from pair_data import HALF, SIDE
from train_siglip_demo import Siglip, ids_of
from training import load_state
from unigram import CONTEXT, PAD, Unigram


def probabilities(embedder, model, pool):
    """Mean sigmoid(scale cosine + bias) of true and of false captions of the pool: what an absolute threshold meets."""
    kept, pixels, _ = usable(pool, squash=True)
    images = unit(np.concatenate([embedder.images(embedder.pixels(pixels[i:i + 250])) for i in range(0, len(kept), 250)]))
    texts = unit(np.concatenate([embedder.texts([line["caption"] for line in kept[i:i + 250]]) for i in range(0, len(kept), 250)]))
    logits = model.logit_scale.exp().item() * (images * texts).sum(1) + model.logit_bias.item()
    chance = 1 / (1 + np.exp(-logits))
    false = np.isin([line["defect"] for line in kept], FALSE)
    return {"matched_probability_mean": round(float(chance[~false].mean()), 4),
            "false_probability_mean": round(float(chance[false].mean()), 4),
            "matched_probability_median": round(float(np.median(chance[~false])), 4)}


def config(unigram, model):
    side = {"hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 2, "num_attention_heads": 4, "hidden_act": "gelu"}
    return {
        "architectures": ["SiglipModel"], "model_type": "siglip", "projection_dim": model.text.projection.out_features,
        "text_config": {
            "model_type": "siglip_text_model", "vocab_size": len(unigram), "max_position_embeddings": CONTEXT, **side,
            "pad_token_id": PAD, "eos_token_id": PAD},
        "vision_config": {"model_type": "siglip_vision_model", "image_size": SIDE, "patch_size": 8, "num_channels": 3, **side}}


def main():
    args = parse("siglip-demo")
    unigram, state = Unigram.load(args.work), load_state(args.work)
    model = Siglip(len(unigram))
    model.load_state_dict(state["model"])
    model.eval().requires_grad_(False)
    embedder = Embedder(
        model, lambda captions: ids_of(unigram, captions), unigram.encode, CONTEXT, squash=True, mean=HALF, std=HALF)
    quality = figures(embedder, args.test, args.pool)
    quality["pool"] |= probabilities(embedder, model, args.pool)
    print(json.dumps(quality, indent=2))
    export(os.path.join(args.out, "onnx"), embedder)
    unigram.save(args.out)
    write_json(args.out, "config.json", config(unigram, model))
    write_json(args.out, "preprocessor_config.json", image_processor("SiglipImageProcessor", True, HALF, HALF))
    write_golden(args.out, embedder, args.test, pictures=4)
    shutil.copy(os.path.join(args.work, "training.log"), os.path.join(args.out, "training.log"))
    manifest = {
        "kind": "siglip",
        "files": twins({"vision": "onnx/vision_model.onnx", "text": "onnx/text_model.onnx"}),
        "inputs": {"vision": "pixel_values", "text": "input_ids"},
        "outputs": {"vision": "image_embeds", "text": "text_embeds"},
        "logit_scale": float(model.logit_scale.exp()), "logit_bias": float(model.logit_bias),
        "golden": "golden.json", "licence": "MIT",
        "provenance": provenance(
            model, state, ["train_siglip_demo.py", "export_siglip_demo.py"],
            f"{state['pictures']} clean pictures with 4 true captions each, drawn by samples/PoolTool pairs --seed 5005"),
        "quality": quality}
    write_json(args.out, "orchestrator.json", manifest)
    dual_encoder_card(args.out, manifest, config(unigram, model), SIGLIP_HOW, CLIP_LIMITS)


if __name__ == "__main__":
    main()
