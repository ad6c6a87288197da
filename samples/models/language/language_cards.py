"""The README of each language model folder, from its manifest, so that no figure in it is copied by hand."""

HEAD = """# {name}

**A demo model.** It knows a small made-up world (twenty people, eight towns, ten materials, two invented languages and
sums of small numbers) and the six kinds of question that samples/TextTool asks about it, and nothing else. It exists so
that speculative decoding can be run, tested and measured without downloading weights.

"""

MADE = """
## How it was made
Data: {data}.
{steps:,} of {planned_steps:,} planned steps of Muon (matrices) and AdamW (the rest) on batches of {batch_tokens:,} tokens, seed {seed},
{minutes:.0f} minutes on {hardware}, {framework}. {note}{start}
`samples/models/language/build.sh` makes it again; sums of floating-point numbers differ between machines, so the weights will
not be bit-identical.{together}
"""

TOGETHER = """
All drafting modules are trained together in one pass over the target's hidden states; the steps and minutes are those of
the whole pass."""

START = """
The first two layers began as heads that look one to three tokens back and copy what followed a repeated word
(`samples/models/language/induction.py`); all other weights began at random, or at 0 where they write to the residual stream."""

LIMITS = """
## Limits
{limits}
Text, facts and questions all come from the generator that made the training text; no held-out question occurs in it
(samples/TextGenerator/HeldOut.cs), but its words, names and sentence forms do. Licence: {licence}.
"""

ONE_GRAPH = "`attention_bias` [B,1,S,P+S] is added to the scores (0 = sees, a large negative number = does not); P may be 0."


def percent(x):
    return f"{100 * x:.1f} %"


def ranks(rows, what):
    lines = [f"| {what} | top 1 | top 2 | top 3 | top 5 | top 10 |", "|---|---|---|---|---|---|"]
    return "\n".join(lines + [f"| {i + 1} | " + " | ".join(percent(r[k - 1]) for k in (1, 2, 3, 5, 10)) + " |" for i, r in enumerate(rows)]) + "\n"


def _target(m, shape):
    q = m["quality"]
    rows = "\n".join(f"| {k} | {percent(v)} |" for k, v in q["right_answers"].items())
    exits = ", ".join(f"after layer {k}: {percent(v)}" for k, v in q["early_exit_agreement"].items())
    proof = m["proof"]
    body = f"""- Llama-style decoder: {shape.layers} layers of width {shape.width}, {shape.heads} query and {shape.kv_heads} key/value heads of {shape.head}, SwiGLU of {shape.hidden}, RMSNorm,
  rotary positions (base {shape.theta:.0f}), tied embeddings; {m["provenance"]["parameters"]:,} parameters.
- Byte-level BPE of {shape.vocab} entries with GPT-2's pre-tokenizer; any bytes can be encoded.
- Prompt: `{m["prompt_template"]}`; the answer ends with `{m["answer_end"]}`; a further turn appends `{m["next_turn_template"]}`.
- Trained on at most 213 tokens; positions up to {shape.context} are accepted.

| file key | graph | inputs beside `past_key_values.*` | outputs beside `present.*` |
|---|---|---|---|
| `tree` | decoder with a free mask | `input_ids`, `position_ids`, `attention_bias` | `logits`, `hidden_states` (after the last norm), `hidden_states.1/.3/.5` (after that layer, before any norm), `early_exit.2/.3.logits` |
| `plain` | as Optimum exports it | `input_ids`, `attention_mask`, `position_ids` | `logits` |
| `fused` | `plain` with `com.microsoft.GroupQueryAttention` and `RotaryEmbedding` | as `plain`, rows padded on the right only | `logits` |
| `exit_2` | the first two layers of `tree`, its own cache of two layers | as `tree` | `logits` (equal `early_exit.2.logits`), `hidden_states` |

""" + ONE_GRAPH + f"""
Every key has a `_fp16` twin: weights, arithmetic and caches in float16, norms and rotary angles in float32, other inputs and outputs
float32. All graphs of a precision share one external-data file.
"""
    measured = f"""
## Measured
On the {q["answers"]} answers to the 240 held-out questions (`{q["data"]}`), greedy; right means: the text equals the reference.
A second turn follows the model's own first answer. Mean answer: {q["answer_tokens_mean"]} tokens.

| category | right |
|---|---|
{rows}

Early exits that choose the same token as the whole model, along its own answers: {exits}.

In PyTorch, largest difference of logits: chain through a tree's mask against the causal mask {proof["chain_bias_against_causal_mask"]:.1e};
leaf paths as a batch against the tree in one forward {proof["leaf_paths_against_tree"]:.1e}.
"""
    weak = [k for k, v in q["right_answers"].items() if v < 0.5]
    missed = f"Wrong more often than right: {', '.join(weak)}; the form of these answers is right, the words copied from the question are not.\n" if weak else ""
    if min(q["early_exit_agreement"].values()) > 0.99:
        missed += "Two of the five layers suffice for nearly all of these answers, so early exit looks better here than on a model that needs its depth.\n"
    return body, measured, missed + "The answers are short and follow a few forms, so drafting them is easier than drafting free text, and a model of this size\nspends much of its time outside matrix products: speed-ups measured on it say nothing about a large model."


def _draft(m, shape):
    q, parameters = m["quality"], m["provenance"]["parameters"]
    body = f"""- Llama-style decoder: {shape.layers} layers of width {shape.width}, {shape.heads} query and {shape.kv_heads} key/value head, SwiGLU of {shape.hidden}, tied
  embeddings; {parameters:,} parameters, 1/{q["parameters_of_target"] / parameters:.1f} of the target's. Same tokenizer and prompt as lm-demo.
- Distilled: cross-entropy to the target's distribution over the answer tokens, nothing else.
- Files `tree` and `plain` as in lm-demo, without its features and early exits.
"""
    return body, f"""
## Measured
Share of places along lm-demo's own greedy answers to the held-out questions (`{q["data"]}`) where this model's first
choice is the target's: **{percent(q["agreement"])}**.
""", "It drafts for lm-demo; alone it answers little rightly."


def _medusa(m, shape):
    return f"""- {m["num_heads"]} heads: x + SiLU(Wx + b) on `hidden_states` of lm-demo, then the target's own embedding table as language-model head
  (Medusa gives each head a table of its own).
- File `heads`: `hidden_states` [B,S,{shape.width}] -> `medusa_logits` [{m["num_heads"]},B,S,{shape.vocab}]; head k (from 1) at place t stands for token t+1+k.
- {m["provenance"]["parameters"]:,} parameters beside the target's table.
""", f"""
## Measured
Share of places along the target's own greedy answers to held-out questions where the target's token is among the head's first choices:

{ranks(m["head_accuracy"], "head")}""", "Heads do not see one another's choices, so the later ones guess among continuations."


def _chain(m):
    q = m["quality"]
    return f"""
## Measured
Along lm-demo's own greedy answers to held-out questions, chained on the module's own outputs while the tokens before are right:

{ranks(q["chain_agreement"], "drafted token")}
For comparison, lm-draft-demo agrees with the target in {percent(q["draft_agreement"])} of places.
"""


MODULE = """- File `{file}`: `input_ids` [B,S] = the NEXT tokens (t+1), `hidden_states` [B,S,{width}] at t, `position_ids` = t (positions
  of the hidden states; only differences matter), `attention_bias`, `past_key_values.0.*` -> `logits` [B,S,{vocab}] for token t+2,
  `hidden_states_out` [B,S,{width}], which takes the place of `hidden_states` at t+1, `present.0.*`.
- """ + ONE_GRAPH + "\n"


def _eagle(m, shape):
    if m["variant"] == "eagle-1":
        body = f"""- EAGLE-1: a linear map of [embedding of token t+1; `hidden_states` of lm-demo at t], one decoder layer, its output read by the
  target's embedding table. {m["provenance"]["parameters"]:,} parameters beside that table.
"""
        limits = "Trained one step deep with noise on the features, as published, so agreement falls along the chain."
    else:
        body = f"""- EAGLE-3: one decoder layer whose attention reads [normalised embedding; normalised hidden state]; the first hidden state is a
  linear map of `hidden_states.1`, `.3` and `.5` of lm-demo, later ones are the module's own. {m["provenance"]["parameters"]:,} parameters beside the
  target's table; whole vocabulary, so no map between vocabularies.
- File `fuse`: `hidden_states` [B,S,{3 * shape.width}], the three side by side in that order -> `fused_hidden_states` [B,S,{shape.width}].
"""
        limits = "Trained three steps deep on its own outputs."
    return body + MODULE.format(file="head", width=shape.width, vocab=shape.vocab), _chain(m), limits


def _mtp(m, shape):
    body = f"""- Two ways to predict several tokens, both through the target's embedding table; {m["provenance"]["parameters"]:,} parameters beside it.
- File `heads` (parallel): {m["num_heads"]} gated feed-forward blocks on `hidden_states` [B,S,{shape.width}] -> `medusa_logits` [{m["num_heads"]},B,S,{shape.vocab}];
  head k (from 1) at place t stands for token t+1+k.
- Sequential, after DeepSeek-V3: projection of [RMSNorm(hidden state); RMSNorm(embedding of token t+1)], one block, a norm.
"""
    heads = f"""
Parallel heads, at the same places:

{ranks(m["head_accuracy"], "head")}"""
    return (body + MODULE.format(file="module", width=shape.width, vocab=shape.vocab), _chain(m) + heads,
            "The module was trained one step deep, as DeepSeek-V3's, so agreement falls when it is chained.")


def _rest(m, shape):
    return f"""- `datastore.bin`: {m["tokens"]:,} token ids of lm-demo's tokenizer, unsigned 16 bit, little endian: {m["answers"]:,} answers, each followed by
  id {m["separator_token_id"]}. A continuation must not run across that id.
- Source: {m["source"]}.
""", "", "As large as suits a test, not as large as helps most."


CARDS = {"lm-demo": _target, "lm-draft-demo": _draft, "medusa-demo": _medusa, "eagle-demo": _eagle, "eagle3-demo": _eagle,
         "mtp-demo": _mtp, "rest-demo": _rest}


def card(name, manifest, shape):
    body, measured, limits = CARDS[name](manifest, shape)
    made = manifest["provenance"]
    together = "" if name in ("lm-demo", "rest-demo") else TOGETHER
    text = (HEAD.format(name=name) + body
            + MADE.format(**{"note": "", **made}, minutes=made["training_seconds"] / 60, together=together,
                            start=START if name == "lm-demo" else "")
            + measured + LIMITS.format(limits=limits, licence=manifest["licence"]))
    return "\n".join(line.rstrip() for line in text.split("\n"))
