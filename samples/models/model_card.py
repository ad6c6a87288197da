"""The README of a demo model, from its manifest, so that no figure in it is copied by hand."""
import os

OPENING = """# {name}

**A demo model.** It knows eight shapes, eight colours and a handful of English sentences about them, and nothing else.
It exists so that the curation pipeline can be run and tested from end to end without downloading weights. Do not {warning}
real photographs with it.

{facts}
- Licence: {licence}.

## How it was made
Data: {data}.
{how} {steps:,} steps of AdamW, seed {seed}, {minutes:.0f} minutes
on {hardware}, {framework}.{schedule} The log is `training.log`; the commands are in
`samples/README.md`.

## Measured
{measured}

All these pictures come from the generator that drew the training data, with other seeds: the figures say how well the
model learned this small world, not how well it would do in another.

## Limits
{limits}
"""

CLIP_FACTS = """- Towers: image {side} x {side} pixels -> {dimension} numbers (a stem of convolutions, {vision_layers} attention layers), text of
  up to {context} tokens -> {dimension} numbers ({text}). {parameters:,} parameters. Embeddings are not normalised.
- Preprocessing: {preprocessing}
- Tokenizer: {tokenizer}
- Logit scale: {logit_scale:.3f}; {bias}."""

PAIRS = """On {pairs:,} held-out pairs (`{data}`), ROC AUC of the cosine, true captions against

| false captions | AUC |
|---|---|
| of another scene without a common colour | {auc_swapped} |
| of another scene, any | {auc_shuffled} |
| true but for one colour or shape | {auc_partial_truth} |
| English about something else | {auc_irrelevant} |

Zero-shot over 64 prompts "a COLOUR SHAPE" on pictures of one object: colour {zero_shot_colour:.1%}, shape {zero_shot_shape:.1%}."""

POOL = """On a held-out pool with known defects (`{data}`), {matched_pairs:,} usable pairs against

| false captions | AUC |
|---|---|
| swapped | {auc_swapped_caption} |
| true but for one word | {auc_partial_truth} |
| boilerplate of web pages | {auc_boilerplate_caption} |
| file names | {auc_file_name_caption} |
| too short | {auc_short_caption} |
| all of them | {auc_all_false_captions} |

Of the pool's best 15 % by this score {precision_of_top_15_percent:.1%} are true, of its best 30 % {precision_of_top_30_percent:.1%}."""

CLIP_HOW = """Symmetric InfoNCE over batches of {batch}; half of the captions also appear with one word wrong, and a few phrases about
other things are added, as extra negatives of every picture."""

DFN_HOW = """No pair of it is noisy: a data-filtering network learns from verified pairs only (Fang et al. 2023, section 4). Its weights
start from chance and share nothing with `clip-demo`. Symmetric InfoNCE over batches of {batch}; every caption also appears
twice with one word wrong, and a few phrases about other things are added, as negatives of every picture; the picture tower
also predicts the colour-shape phrases of the captions, with a head that is not exported. From step {fine_tuning_from_step:,} on it is
fine-tuned: each true caption's cosine must exceed those of the near misses of every picture in the batch."""

SIGLIP_HOW = """Sigmoid loss (Zhai et al. 2023) over batches of {batch} pictures against their texts, the same texts with one word wrong, and a
few phrases about other things; scale and bias are learned from 10 and -10. Both towers start from chance."""

CLIP_LIMITS = """Weakest where a caption is wrong in one word only, see the tables. How far it uses relations, sizes and textures was not
measured apart. Of pictures or words from outside its world it knows nothing, though their scores look as sure."""

DFN_LIMITS = """A caption of another scene is now and then true of this one too, so the second row of the first table cannot reach 1.
How far it uses relations, sizes and textures was not measured apart. Of pictures or words from outside its world it knows
nothing, though their scores look as sure."""


def dual_encoder_card(out, manifest, config, how, limits):
    siglip = manifest["kind"] == "siglip"
    text, vision = config["text_config"], config["vision_config"]
    scored = f", {text['num_hidden_layers']} layers, pooled at "
    facts = CLIP_FACTS.format(
        side=vision["image_size"], dimension=config["projection_dim"], vision_layers=vision["num_hidden_layers"],
        context=text["max_position_embeddings"], parameters=manifest["provenance"]["parameters"],
        logit_scale=manifest["logit_scale"],
        text=("transformer without mask" + scored + "the last place" if siglip
              else "causal transformer" + scored + "the first end token"),
        preprocessing=("both sides to {0} with Pillow's antialiased bicubic, no crop, mean and deviation 0.5." if siglip else
                       "shorter side to {0} with Pillow's antialiased bicubic, centre crop, CLIP's mean and deviation."
                       ).format(vision["image_size"]),
        tokenizer=(f"SentencePiece unigram with {text['vocab_size']:,} pieces on lower-cased text without punctuation, padded to "
                   "64 ids with id 1." if siglip else
                   f"CLIP's byte-level BPE with {text['vocab_size']:,} entries; any text can be encoded."),
        bias=f"bias {manifest['logit_bias']:.3f}" if siglip else "no bias")
    measured = PAIRS.format(**manifest["quality"]["pairs"]) + "\n\n" + POOL.format(**manifest["quality"]["pool"])
    if siglip:
        measured += ("\n\nThe probability sigmoid(scale x cosine + bias) is {matched_probability_mean:.3f} on average for the pool's true "
                     "captions (median {matched_probability_median:.3f})\nand {false_probability_mean:.3f} for the false ones."
                     ).format(**manifest["quality"]["pool"])
    write_card(out, manifest, "score", facts, how, measured, limits)


def write_card(out, manifest, warning, facts, how, measured, limits):
    made = manifest["provenance"]
    schedule = f" The learning rate ran {made['rate_schedule']}." if "rate_schedule" in made else ""
    card = OPENING.format(
        **{**made, "name": os.path.basename(os.path.normpath(out)), "warning": warning, "facts": facts,
           "licence": manifest["licence"], "minutes": made["training_seconds"] / 60, "how": how.format(**made),
           "measured": measured, "limits": limits, "schedule": schedule})
    with open(os.path.join(out, "README.md"), "w", encoding="utf-8", newline="\n") as f:
        f.write(card)


BLIP_FACTS = """- Picture encoder: image {side} x {side} pixels -> 64 vectors of {width} numbers (a stem of convolutions, one attention layer).
- {text} {parameters:,} parameters in all.
- Preprocessing: both sides to {side} with Pillow's antialiased bicubic, no crop, CLIP's mean and deviation.
- Tokenizer: WordPiece as bert-base-uncased's, {vocabulary:,} tokens with [DEC] and [ENC] at the end."""

BLIP_CAPTION_HOW = """The picture encoder starts from `clip-demo`'s (all convolutions, first attention layer) and is trained on; the decoder starts
from chance. Cross-entropy of the caption's words after the prompt "a picture of ", batches of {batch}. Captioner and filter
(`blip-itm-demo`) are trained apart from each other, with different seeds, as BLIP's section 3.3 asks."""

BLIP_ITM_HOW = """The picture encoder starts from `clip-demo`'s (all convolutions, first attention layer) and is trained on; the text encoder starts
from chance. Every picture of a batch of {batch} comes with a true caption, the same with one word wrong, and a text about
something else (another picture's caption, or English that is no caption); cross-entropy of the two answers, true ones
weighted 1.5. Captioner (`blip-caption-demo`) and filter are trained apart from each other, with different seeds, as BLIP's
section 3.3 asks."""

BLIP_CAPTIONS = """On {greedy[pictures]:,} held-out pictures (`{data}`). *Right*: the caption names at least one object, and every colour with
its shape that it names is in the picture. *Complete*: all objects are named, and nothing else.

| captions | right | complete |
|---|---|---|
| greedy | {greedy[right]:.1%} | {greedy[complete]:.1%} |
| greedy, pictures of one object | {greedy_1_objects[right]:.1%} | {greedy_1_objects[complete]:.1%} |
| greedy, of two | {greedy_2_objects[right]:.1%} | {greedy_2_objects[complete]:.1%} |
| greedy, of three | {greedy_3_objects[right]:.1%} | {greedy_3_objects[complete]:.1%} |
| nucleus, p = 0.9, repetition penalty 1.1 | {nucleus[right]:.1%} | {nucleus[complete]:.1%} |
| the same, pictures of the pool (`{pool[data]}`) | {pool[nucleus][right]:.1%} | {pool[nucleus][complete]:.1%} |

Nucleus sampling gave {nucleus_different_captions:,} different captions."""

BLIP_CAPTION_LIMITS = """Sizes, textures, places and backgrounds are named too, but how often rightly was not measured. The repetition penalty works
against captions that name one colour or shape twice. Of anything outside its world it will still write one of its captions."""

BLIP_MATCHES = """On {pairs[pairs]:,} held-out pictures (`{pairs[data]}`), each with a true and a false caption, at a threshold of 0.5 on the
probability of a match ({pairs[true_kept]:.1%} of the true ones are kept):

| false captions | removed | accuracy | AUC |
|---|---|---|---|
| of another scene without a common colour | {pairs[removed_swapped]:.1%} | {pairs[accuracy_swapped]:.1%} | {pairs[auc_swapped]} |
| of another scene, any | {pairs[removed_shuffled]:.1%} | {pairs[accuracy_shuffled]:.1%} | {pairs[auc_shuffled]} |
| true but for one colour or shape | {pairs[removed_partial_truth]:.1%} | {pairs[accuracy_partial_truth]:.1%} | {pairs[auc_partial_truth]} |
| English about something else | {pairs[removed_irrelevant]:.1%} | {pairs[accuracy_irrelevant]:.1%} | {pairs[auc_irrelevant]} |

On a held-out pool with known defects (`{pool[data]}`), {pool[matched_pairs]:,} usable pairs, of which {pool[true_kept]:.1%} are kept:

| false captions | removed | AUC |
|---|---|---|
| swapped | {pool[removed_swapped_caption]:.1%} | {pool[auc_swapped_caption]} |
| true but for one word | {pool[removed_partial_truth]:.1%} | {pool[auc_partial_truth]} |
| boilerplate of web pages | {pool[removed_boilerplate_caption]:.1%} | {pool[auc_boilerplate_caption]} |
| file names | {pool[removed_file_name_caption]:.1%} | {pool[auc_file_name_caption]} |
| too short | {pool[removed_short_caption]:.1%} | {pool[auc_short_caption]} |"""

BLIP_ITM_LIMITS = """It was trained with [ENC] as the first token; with [CLS] there (`golden.json` has both) the answers are others and were not
measured. Too short captions such as "blue" may be true of a picture; the pool counts them as false."""


def blip_caption_card(out, manifest, facts, how):
    text = (f"Text decoder: causal transformer with cross-attention to the 64 vectors, {facts['layers']} layers, prompt \"a picture of \" after "
            "[DEC]; keys and values of earlier words are kept.")
    facts = BLIP_FACTS.format(**facts, text=text, parameters=manifest["provenance"]["parameters"])
    write_card(out, manifest, "caption", facts, how, BLIP_CAPTIONS.format(**manifest["quality"]), BLIP_CAPTION_LIMITS)


def blip_itm_card(out, manifest, facts, how):
    text = (f"Text encoder: transformer with cross-attention to the 64 vectors, {facts['layers']} layers; the vector of [ENC] gives two logits, "
            "index 1 = match. At most 35 tokens.")
    facts = BLIP_FACTS.format(**facts, text=text, parameters=manifest["provenance"]["parameters"])
    write_card(out, manifest, "judge", facts, how, BLIP_MATCHES.format(**manifest["quality"]), BLIP_ITM_LIMITS)
