"""What the cards say about the models, measured on the held-out questions."""
import torch

from llama import EARLY_EXITS
from train_drafters import agreement
from train_target import answer_questions

TWO_TURN = ("writing", "roleplay", "reasoning", "math", "coding", "extraction", "stem", "humanities")
KINDS = ("all", "multi_turn", "multi_turn turn 1", "multi_turn turn 2", *TWO_TURN, "translation", "summarization", "qa",
         "math_reasoning", "rag")


def target_quality(model, answered):
    """Share of right answers by category, and of early exits that choose the target's token along its own answers."""
    counts, exits, tokens = {}, {i: 0 for i in EARLY_EXITS}, 0
    for category, turn, prompt, said, right in answered:
        counts.setdefault(category, []).append(right)
        counts.setdefault("all", []).append(right)
        if category in TWO_TURN:
            counts.setdefault("multi_turn", []).append(right)
            counts.setdefault(f"multi_turn turn {turn + 1}", []).append(right)
        with torch.no_grad():
            h, outputs, _ = model(torch.tensor([prompt + said]))
            start = len(prompt) - 1
            chosen = model.logits(h[0, start:]).argmax(-1)
            for i in EARLY_EXITS:
                exits[i] += (model.logits(model.norm(outputs[i - 1][0, start:])).argmax(-1) == chosen).sum().item()
            tokens += len(chosen)
    return {
        "data": "samples/language/question.jsonl",
        "right_answers": {k: round(sum(counts[k]) / len(counts[k]), 4) for k in KINDS if k in counts},
        "answers": len(answered),
        "answer_tokens_mean": round(sum(len(a[3]) + 1 for a in answered) / len(answered), 2),
        "early_exit_agreement": {str(i): round(n / tokens, 4) for i, n in exits.items()},
    }


def measure(target, models, bpe, lines):
    """(quality of the target, {drafter: [[top-1 .. top-10] of each drafted token]})."""
    answered = answer_questions(target, bpe, lines)
    return target_quality(target, answered), agreement(models, target, answered)
