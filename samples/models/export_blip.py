"""Measures the demo captioner or filter on pictures it never saw and writes the model folder.

    /usr/bin/python3 export_blip.py caption --work DIR --test DIR --pool DIR --out blip-caption-demo
    /usr/bin/python3 export_blip.py itm     --work DIR --test DIR --pool DIR --out blip-itm-demo
"""
import argparse
import json
import os
import random
import shutil

import numpy as np
import torch

from blip_generate import generate
from blip_model import CONTEXT, HEADS, LAYERS, WIDTH, Blip, Captioner, Matcher
from blip_text import ITM_LENGTH, PROMPT, judge, padded, plain
from distractors import english_phrases
from dual_encoder_folder import GOLDEN_TEXTS
from evaluate_on_pool import FALSE, TRUE, figures, usable
from model_card import BLIP_CAPTION_HOW, BLIP_ITM_HOW, blip_caption_card, blip_itm_card
from model_folder import GoldenRuns, export_graph, image_processor, provenance, sample_pictures, twins, write_json
from pair_data import SIDE, load_pairs, normalise, preprocess
from train_blip_itm import evaluate, match_ids, probabilities
from training import load_state
from wordpiece import DEC, ENC, SEP, WordPiece

CAPTIONED = 1000
CACHE = [f"{i}.{part}" for i in range(LAYERS) for part in ("key", "value")]


def load(work, side):
    pieces, state = WordPiece.load(work), load_state(work)
    model = Blip(side(len(pieces.tokens)))
    model.load_state_dict(state["model"])
    model.eval().requires_grad_(False)
    return pieces, model, state


def rate(verdicts):
    verdicts = list(verdicts)
    return {"right": round(float(np.mean([v[0] for v in verdicts])), 4),
            "complete": round(float(np.mean([v[1] for v in verdicts])), 4), "pictures": len(verdicts)}


def caption_quality(pieces, model, args):
    """Greedy and nucleus captions (BLIP's top_p 0.9, repetition_penalty 1.1) of test pictures, and nucleus ones of the pool."""
    pixels, texts = (part[:CAPTIONED] for part in load_pairs(args.test, squash=True))
    greedy = generate(model, pieces, pixels)
    nucleus = generate(model, pieces, pixels, top_p=0.9, repetition_penalty=1.1)
    kept, pool, _ = usable(args.pool, squash=True)
    found = {
        "data": f"the first {CAPTIONED} of PoolTool pairs --count 4000 --seed 3003",
        "greedy": rate(judge(c, t["scene"]) for c, t in zip(greedy, texts)),
        "nucleus": rate(judge(c, t["scene"]) for c, t in zip(nucleus, texts)),
        "nucleus_different_captions": len(set(nucleus)),
        "pool": {"data": "PoolTool pool --seed 4004", "nucleus": rate(
            judge(c, line["scene"]) for c, line in zip(
                generate(model, pieces, pool, top_p=0.9, repetition_penalty=1.1), kept))}}
    for objects in (1, 2, 3):
        found[f"greedy_{objects}_objects"] = rate(
            judge(c, t["scene"]) for c, t in zip(greedy, texts) if len(t["scene"]["objects"]) == objects)
    return found, greedy[:3] + nucleus[:3]


def itm_quality(pieces, model, args):
    """Accuracy on test pairs; on the pool what a threshold of 0.5 removes, and the ranking."""
    pixels, texts = load_pairs(args.test, squash=True)
    pairs = evaluate(model, pieces, pixels, texts, english_phrases(), random.Random(0), "cpu")
    kept, pool, size = usable(args.pool, squash=True)
    scores = np.concatenate([
        probabilities(model, pieces, model.vision(torch.from_numpy(normalise(pool[i:i + 250]))),
                      [line["caption"] for line in kept[i:i + 250]], "cpu") for i in range(0, len(kept), 250)])
    found = figures(kept, scores, size)
    defects = np.array([line["defect"] for line in kept])
    found["true_kept"] = float((scores[np.isin(defects, TRUE)] >= 0.5).mean())
    for kind in FALSE:
        found[f"removed_{kind.replace('-', '_')}"] = float((scores[defects == kind] < 0.5).mean())
    return {"pairs": {"data": "PoolTool pairs --count 4000 --seed 3003", **{k: round(v, 4) for k, v in pairs.items()}},
            "pool": {"data": "PoolTool pool --seed 4004", **{k: round(v, 4) for k, v in found.items()}}}


def export_vision(folder, model):
    export_graph(folder, "vision_model", model.vision, torch.zeros(2, 3, SIDE, SIDE), ["pixel_values"], ["image_embeds"],
                 {"pixel_values": {0: "batch_size"}, "image_embeds": {0: "batch_size"}})


def export_decoder(folder, decoder):
    past, present = [f"past_key_values.{c}" for c in CACHE], [f"present.{c}" for c in CACHE]
    batch = {0: "batch_size"}
    axes = {
        "input_ids": {**batch, 1: "sequence_length"}, "attention_mask": {**batch, 1: "total_sequence_length"},
        "position_ids": {**batch, 1: "sequence_length"}, "encoder_hidden_states": batch,
        "logits": {**batch, 1: "sequence_length"},
        **{p: {**batch, 2: "past_sequence_length"} for p in past}, **{p: {**batch, 2: "total_sequence_length"} for p in present}}
    example = (torch.ones(2, 3, dtype=torch.int64), torch.ones(2, 5, dtype=torch.int64), torch.arange(2, 5).expand(2, -1),
               torch.zeros(2, 64, WIDTH), *[torch.zeros(2, HEADS, 2, WIDTH // HEADS) for _ in CACHE])
    export_graph(folder, "text_decoder_model", decoder, example,
                 ["input_ids", "attention_mask", "position_ids", "encoder_hidden_states", *past], ["logits", *present], axes,
                 half_border=("past_key_values.", "present."))


def export_encoder(folder, encoder):
    words = {0: "batch_size", 1: "sequence_length"}
    export_graph(
        folder, "text_encoder_model", encoder,
        (torch.ones(2, 5, dtype=torch.int64), torch.ones(2, 5, dtype=torch.int64), torch.zeros(2, 64, WIDTH)),
        ["input_ids", "attention_mask", "encoder_hidden_states"], ["itm_logits"],
        {"input_ids": words, "attention_mask": words, "encoder_hidden_states": {0: "batch_size"}, "itm_logits": {0: "batch_size"}})


def golden_images(golden, model, args):
    """Vectors of two test pictures, and their pixels' run."""
    squares = np.stack([preprocess(data, True) for _, data in sample_pictures(args.test, 3)[:2]])
    pixels = torch.from_numpy(normalise(squares))
    images = model.vision(pixels)
    golden.add("vision", "vision", {"pixel_values": pixels}, {"image_embeds": images})
    return images


def golden_decoder(golden, decoder, pieces, images):
    """The prompt with nothing before it; one more word on the keys and values of that; and a row padded on the left."""
    def run(name, ids, mask, place, past):
        logits, *present = decoder(ids, mask, place, images, *past)
        golden.add(name, "decoder", {
            "input_ids": ids, "attention_mask": mask, "position_ids": place, "encoder_hidden_states": images,
            **{f"past_key_values.{c}": p for c, p in zip(CACHE, past)}},
            {"logits": logits, **{f"present.{c}": p for c, p in zip(CACHE, present)}})
        return logits, present

    prompt = [pieces.dec, *pieces.encode(PROMPT, CONTEXT)[1:-1]]
    ids = torch.tensor([prompt, prompt])
    empty = [torch.zeros(2, HEADS, 0, WIDTH // HEADS) for _ in CACHE]
    place = torch.arange(len(prompt)).expand(2, -1).contiguous()
    logits, present = run("prefill", ids, torch.ones_like(ids), place, empty)
    run("step", logits[:, -1].argmax(1)[:, None], torch.ones(2, len(prompt) + 1, dtype=torch.int64),
        torch.full((2, 1), len(prompt)), present)
    short = [[pieces.pad, pieces.pad, *prompt[:-2]], prompt]
    mask = torch.tensor([[0, 0, *[1] * (len(prompt) - 2)], [1] * len(prompt)])
    run("padded", torch.tensor(short), mask, (mask.cumsum(1) - 1).clamp(min=0), empty)


def golden_matcher(golden, matcher, pieces, images, test):
    """A true and a false caption with [ENC], and the same with [CLS] in its place, as other code has it."""
    captions = [load_pairs(test, squash=True)[1][0]["captions"][0], "a large purple heart above a small brown ring"]
    ids, mask = match_ids(pieces, captions)
    for name, first in (("enc", pieces.enc), ("cls", pieces.cls)):
        rows = ids.clone()
        rows[:, 0] = first
        golden.add(name, "text", {"input_ids": rows, "attention_mask": mask, "encoder_hidden_states": images},
                   {"itm_logits": matcher(rows, mask, images)})


def config(pieces, kind):
    side = {"hidden_size": WIDTH, "num_attention_heads": HEADS, "hidden_act": "gelu"}
    return {
        "architectures": ["BlipForConditionalGeneration" if kind == "caption" else "BlipForImageTextRetrieval"],
        "model_type": "blip",
        "text_config": {
            "model_type": "blip_text_model", "vocab_size": len(pieces.tokens), "encoder_hidden_size": WIDTH,
            "intermediate_size": 2 * WIDTH, "num_hidden_layers": LAYERS, "max_position_embeddings": CONTEXT, **side,
            "bos_token_id": pieces.dec, "eos_token_id": pieces.sep, "sep_token_id": pieces.sep, "pad_token_id": pieces.pad},
        "vision_config": {
            "model_type": "blip_vision_model", "image_size": SIDE, "patch_size": 8, "intermediate_size": 4 * WIDTH,
            "num_hidden_layers": 1, **side}}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("kind", choices=("caption", "itm"))
    for name in ("work", "test", "pool", "out"):
        p.add_argument("--" + name, required=True)
    args = p.parse_args()
    torch.set_num_threads(2)
    caption = args.kind == "caption"
    pieces, model, state = load(args.work, Captioner if caption else Matcher)
    graphs = os.path.join(args.out, "onnx")
    export_vision(graphs, model)
    golden = GoldenRuns(args.out)
    images = golden_images(golden, model, args)
    if caption:
        quality, examples = caption_quality(pieces, model, args)
        export_decoder(graphs, model.text)
        golden_decoder(golden, model.text, pieces, images)
        fields = {
            "files": twins({"vision": "onnx/vision_model.onnx", "decoder": "onnx/text_decoder_model.onnx"}),
            "inputs": {"vision": "pixel_values"}, "outputs": {"vision": "image_embeds", "decoder": "logits"},
            "prompt": PROMPT, "bos_token": DEC, "eos_token": SEP, "num_layers": LAYERS}
        texts = [PROMPT, *GOLDEN_TEXTS]
    else:
        quality, examples = itm_quality(pieces, model, args), []
        export_encoder(graphs, model.text)
        golden_matcher(golden, model.text, pieces, images, args.test)
        fields = {
            "files": twins({"vision": "onnx/vision_model.onnx", "text": "onnx/text_encoder_model.onnx"}),
            "inputs": {"vision": "pixel_values"}, "outputs": {"vision": "image_embeds", "text": "itm_logits"},
            "enc_token": ENC, "max_tokens": ITM_LENGTH, "threshold": 0.5}
        texts = GOLDEN_TEXTS
    print(json.dumps(quality, indent=2), *examples, sep="\n")
    golden.write([{"text": plain(t), "ids": pieces.encode(plain(t), ITM_LENGTH)} for t in texts])
    pieces.save(args.out, 512)
    write_json(args.out, "config.json", config(pieces, args.kind))
    write_json(args.out, "preprocessor_config.json", image_processor("BlipImageProcessor", squash=True))
    shutil.copy(os.path.join(args.work, "training.log"), os.path.join(args.out, "training.log"))
    script = f"train_blip_{args.kind}.py"
    manifest = {
        "kind": f"blip-{args.kind}", **fields, "golden": "golden.json", "licence": "MIT",
        "provenance": provenance(
            model, state, [script, "export_blip.py"],
            f"{state['pictures']} clean pictures with 4 true captions each, drawn by samples/PoolTool pairs --seed 5005",
            picture_encoder="started from clip-demo's, trained on"),
        "quality": quality}
    write_json(args.out, "orchestrator.json", manifest)
    facts = {"side": SIDE, "width": WIDTH, "layers": LAYERS, "vocabulary": len(pieces.tokens)}
    if caption:
        blip_caption_card(args.out, manifest, facts, BLIP_CAPTION_HOW)
    else:
        blip_itm_card(args.out, manifest, facts, BLIP_ITM_HOW)


if __name__ == "__main__":
    main()
