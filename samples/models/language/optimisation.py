"""What every training script here does alike: arguments, optimiser, schedule, checkpoints, log."""
import json
import os
import time

import torch

from muon import Muon


def add_arguments(parser):
    parser.add_argument("--train", required=True, help="conversations (JSON lines)")
    parser.add_argument("--validate", required=True, help="held-out questions (JSON lines)")
    parser.add_argument("--work", required=True, help="tokenizer, checkpoints and logs")
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--tokens", type=int, default=4096, help="tokens a batch")
    parser.add_argument("--rate", type=float, default=3e-3, help="of AdamW: embeddings, norms, biases")
    parser.add_argument("--matrix-rate", type=float, default=0.02, help="of Muon: all other matrices")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--every", type=int, default=250, help="steps between evaluations and checkpoints")


class Run:
    """Steps from 0 or from the checkpoint `name`.pt in the work folder; Muon and AdamW; linear warm-up, constant, linear
    to 0 over the last two fifths."""

    WARMUP, DECAY = 100, 0.4

    def __init__(self, args, name, modules, slower=lambda name: False, share=1.0):
        """Matrices whose name is `slower` learn at `share` of Muon's rate."""
        torch.set_num_threads(args.threads)
        self.args, self.modules = args, modules
        self.path = os.path.join(args.work, name + ".pt")
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        modules.to(self.device)
        matrices = [(n, p) for n, p in modules.named_parameters() if p.ndim == 2 and "embed." not in n]
        others = [p for n, p in modules.named_parameters() if p.ndim != 2 or "embed." in n]
        parts = ((args.matrix_rate, [p for n, p in matrices if not slower(n)]),
                 (args.matrix_rate * share, [p for n, p in matrices if slower(n)]))
        self.optimisers = [Muon(part, rate, weight_decay=0.01) for rate, part in parts if part]
        self.optimisers.append(torch.optim.AdamW(others, lr=args.rate, betas=(0.9, 0.98), weight_decay=0.0))
        self.rates = [rate for rate, part in parts if part] + [args.rate]
        self.step, self.seconds = 0, 0.0
        if os.path.exists(self.path):
            state = torch.load(self.path, map_location=self.device)
            modules.load_state_dict(state["model"])
            for optimiser, kept in zip(self.optimisers, state["optimisers"]):
                optimiser.load_state_dict(kept)
            self.step, self.seconds = state["step"], state["seconds"]
        self.log = open(os.path.join(args.work, name + ".log"), "a" if self.step else "w", encoding="utf-8")
        self.began = time.monotonic() - self.seconds

    def say(self, text):
        print(text, flush=True)
        self.log.write(text + "\n")
        self.log.flush()

    def autocast(self):
        return torch.autocast(self.device, dtype=torch.bfloat16)

    def update(self, loss):
        warm = min(1.0, (self.step + 1) / self.WARMUP)
        decay = min(1.0, (1 - self.step / self.args.steps) / self.DECAY)
        self.modules.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.modules.parameters(), 1.0)
        for optimiser, rate in zip(self.optimisers, self.rates):
            for group in optimiser.param_groups:
                group["lr"] = rate * warm * decay
            optimiser.step()
        self.step += 1
        self.seconds = time.monotonic() - self.began

    def save(self, figures):
        self.say(f"step {self.step} " + json.dumps({k: round(v, 4) for k, v in figures.items()}))
        torch.save({"model": self.modules.state_dict(), "optimisers": [o.state_dict() for o in self.optimisers], "step": self.step,
                    "seconds": self.seconds, "planned": self.args.steps, "seed": self.args.seed,
                    "tokens": self.args.tokens, "figures": figures}, self.path + ".tmp")
        os.replace(self.path + ".tmp", self.path)
