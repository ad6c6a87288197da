"""The README of the demo CLIP, from its manifest, so that no figure in it is copied by hand."""

CARD = """# clip-demo

**A demo model.** It knows eight shapes, eight colours and a handful of English sentences about them, and nothing else.
It exists so that the curation pipeline can be run and tested from end to end without downloading weights. Do not score
real photographs with it.

- Towers: image {side} x {side} pixels -> {dimension} numbers (a stem of convolutions, {vision_layers} attention layers), text of
  up to {context} tokens -> {dimension} numbers (causal transformer, {text_layers} layers, pooled at the first end token). {parameters:,} parameters. Embeddings are not normalised.
- Preprocessing: shorter side to {side} with Pillow's antialiased bicubic, centre crop, CLIP's mean and deviation.
- Tokenizer: CLIP's byte-level BPE with {vocabulary:,} entries; any text can be encoded.
- Logit scale: {logit_scale:.3f}; no bias.
- Licence: {licence}.

## How it was made
Data: {data}.
Symmetric InfoNCE over batches of {batch}; half of the captions also appear with one word wrong, and a few phrases about
other things are added, as extra negatives of every picture. {steps:,} steps of AdamW, seed {seed}, {minutes:.0f} minutes
on {hardware}, {framework}. The log is `training.log`; the commands are in
`samples/README.md`.

## Measured
On {pairs:,} held-out pairs (`{pairs_data}`), ROC AUC of the cosine, true captions against

| false captions | AUC |
|---|---|
| of another scene without a common colour | {auc_swapped} |
| of another scene, any | {auc_shuffled} |
| true but for one colour or shape | {auc_partial_truth} |
| English about something else | {auc_irrelevant} |

Zero-shot over 64 prompts "a COLOUR SHAPE" on pictures of one object: colour {zero_shot_colour:.1%}, shape {zero_shot_shape:.1%}.

On a held-out pool with known defects (`{pool_data}`), {matched_pairs:,} usable pairs against

| false captions | AUC |
|---|---|
| swapped | {auc_swapped_caption} |
| true but for one word | {auc_partial_truth_pool} |
| boilerplate of web pages | {auc_boilerplate_caption} |
| file names | {auc_file_name_caption} |
| too short | {auc_short_caption} |
| all of them | {auc_all_false_captions} |

All these pictures come from the generator that drew the training data, with other seeds: the figures say how well the
model learned this small world, not how well it would do in another.

## Limits
Weakest where a caption is wrong in one word only, see the tables. How far it uses relations, sizes and textures was not
measured apart. Of pictures or words from outside its world it knows nothing, though their scores look as sure.
"""


def model_card(manifest, config):
    pairs, pool, made = manifest["quality"]["pairs"], manifest["quality"]["pool"], manifest["provenance"]
    pool = {("auc_partial_truth_pool" if k == "auc_partial_truth" else k): v for k, v in pool.items()}
    return CARD.format(**{
        **pool, **pairs, **made,
        "pairs_data": pairs["data"], "pool_data": pool["data"],
        "logit_scale": manifest["logit_scale"], "licence": manifest["licence"],
        "minutes": made["training_seconds"] / 60,
        "side": config["vision_config"]["image_size"], "dimension": config["projection_dim"],
        "vision_layers": config["vision_config"]["num_hidden_layers"],
        "text_layers": config["text_config"]["num_hidden_layers"],
        "context": config["text_config"]["max_position_embeddings"],
        "vocabulary": config["text_config"]["vocab_size"],
    })
