"""What the training scripts share: optimiser, schedule, augmentation, a log, and checkpoints a run can be resumed from."""
import json
import math
import os
import random
import time

import numpy as np
import torch
from torch.nn import functional


def add_arguments(parser, steps, rate, warmup=150, seed=7):
    parser.add_argument("--train", required=True)
    parser.add_argument("--validate", required=True)
    parser.add_argument("--work", required=True, help="checkpoint, tokenizer and log")
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--warmup", type=int, default=warmup)
    parser.add_argument("--rate", type=float, default=rate)
    parser.add_argument("--seed", type=int, default=seed)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--every", type=int, default=100, help="steps between evaluations and checkpoints")
    return parser


def optimiser_of(parameters, rate):
    parameters = list(parameters)
    plain = [p for p in parameters if p.ndim < 2]
    weights = [p for p in parameters if p.ndim >= 2]
    return torch.optim.AdamW(
        [{"params": weights, "weight_decay": 0.05}, {"params": plain, "weight_decay": 0.0}],
        lr=rate, betas=(0.9, 0.98))


def set_rate(optimiser, args, step):
    """Linear warm-up, then a cosine down to one hundredth."""
    warm = min(1.0, step / args.warmup)
    cosine = 0.5 * (1 + math.cos(math.pi * max(0, step - args.warmup) / max(1, args.steps - args.warmup)))
    for group in optimiser.param_groups:
        group["lr"] = args.rate * warm * (0.01 + 0.99 * cosine)


def augment(x, generator):
    """Small changes of brightness, contrast and place, as near duplicates and other cameras have them."""
    n = len(x)
    gain = torch.from_numpy(generator.uniform(0.85, 1.15, (n, 1, 1, 1)).astype(np.float32))
    shift = torch.from_numpy(generator.uniform(-0.15, 0.15, (n, 1, 1, 1)).astype(np.float32))
    dy, dx = generator.integers(0, 5, 2)
    x = functional.pad(x * gain + shift, (2, 2, 2, 2), mode="replicate")
    return x[:, :, dy:dy + 64, dx:dx + 64]


class Log:
    """Prints and keeps lines; a resumed run appends to what is there."""

    def __init__(self, work, resumed=False):
        self.file = open(os.path.join(work, "training.log"), "a" if resumed else "w", encoding="utf-8")

    def __call__(self, text):
        print(text, flush=True)
        self.file.write(text + "\n")
        self.file.flush()


def save_state(work, state):
    torch.save(state, os.path.join(work, "checkpoint.tmp"))
    os.replace(os.path.join(work, "checkpoint.tmp"), os.path.join(work, "checkpoint.pt"))


def load_state(work):
    return torch.load(os.path.join(work, "checkpoint.pt"), map_location="cpu")


class Trainer:
    """One resumable training run of `model`. `loss_of(step, rows, chance, generator)` returns (loss, text for the log)
    for the rows of the data set it is handed; `validate()` returns a dictionary of figures."""

    def __init__(self, args, model, count, batch):
        self.args, self.model, self.count, self.batch = args, model, count, batch
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.set_num_threads(args.threads)
        model.to(self.device)
        self.chance, self.generator = random.Random(args.seed), np.random.default_rng(args.seed)
        self.optimiser = optimiser_of(model.parameters(), args.rate)
        self.step, self.seconds, self.order, self.mean_loss = 0, 0.0, np.array([], int), 0.0
        self.plans = [[0, args.steps]]
        resumed = os.path.exists(os.path.join(args.work, "checkpoint.pt"))
        if resumed:
            self._resume(load_state(args.work))
        self.say = Log(args.work, resumed)
        if resumed:
            self.say(f"resumed at step {self.step}, {json.dumps(vars_of(args))}")
        else:
            self.say(f"pictures {count}, parameters {sum(p.numel() for p in model.parameters())}, {json.dumps(vars_of(args))}")

    def autocast(self):
        """bfloat16 arithmetic where the processor or the accelerator has it; weights and losses stay float32."""
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.device.type == "cuda" or has_bfloat16())

    def run(self, loss_of, validate):
        began = time.monotonic() - self.seconds
        self.model.train()
        while self.step < self.args.steps:
            self.step += 1
            set_rate(self.optimiser, self.args, self.step)
            if len(self.order) < self.batch:
                self.order = self.generator.permutation(self.count)
            rows, self.order = self.order[:self.batch], self.order[self.batch:]
            loss, note = loss_of(self.step, rows, self.chance, self.generator)
            self.optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimiser.step()
            self.mean_loss = loss.item() if self.step == 1 else 0.95 * self.mean_loss + 0.05 * loss.item()
            self.seconds = time.monotonic() - began
            if self.step % 20 == 0:
                self.say(f"step {self.step} loss {self.mean_loss:.3f} {note} seconds {self.seconds:.0f}")
            if self.step % self.args.every == 0 or self.step == self.args.steps:
                self.model.eval()
                with torch.no_grad():
                    figures = validate()
                self.model.train()
                self.say(f"step {self.step} " + json.dumps({k: round(v, 4) for k, v in figures.items()}))
                self._save()

    def _save(self):
        save_state(self.args.work, {
            "model": self.model.state_dict(), "optimiser": self.optimiser.state_dict(), "step": self.step,
            "steps": self.args.steps, "plans": self.plans, "seconds": self.seconds, "seed": self.args.seed, "pictures": self.count,
            "batch": self.batch, "order": self.order, "mean_loss": self.mean_loss, "chance": self.chance.getstate(),
            "generator": self.generator.bit_generator.state, "torch": torch.get_rng_state(),
            "accelerator": torch.cuda.get_device_name() if self.device.type == "cuda" else None})

    def _resume(self, state):
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.seconds, self.order = state["step"], state["seconds"], state["order"]
        self.mean_loss = state["mean_loss"]
        self.plans = state.get("plans", [[0, state["steps"]]])
        if self.plans[-1][1] != self.args.steps:
            # The rate follows the new length from here on.
            self.plans.append([self.step, self.args.steps])
        self.chance.setstate(state["chance"])
        self.generator.bit_generator.state = state["generator"]
        torch.set_rng_state(state["torch"])


def has_bfloat16():
    """Whether this processor multiplies bfloat16 itself; elsewhere it would be slower than float32."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as f:
            return "avx512_bf16" in f.read()
    except OSError:
        return False


def vars_of(args):
    """The options that decide the result; folders do not."""
    return {k: v for k, v in vars(args).items() if k not in ("train", "validate", "work", "threads", "every", "base")}
