"""Muon (Jordan et al. 2024): momentum whose update is made orthogonal by a Newton-Schulz iteration; for matrices inside the
network. Learns this text in fewer steps than AdamW."""
import torch

# The quintic of the authors' note: pushes singular values towards 1 fast rather than exactly.
A, B, C = 3.4445, -4.7750, 2.0315
ITERATIONS = 5


def orthogonal(g):
    """About U V' of g = U S V', computed in bfloat16, whose rounding the iteration bears."""
    x = g.bfloat16()
    tall = x.shape[0] > x.shape[1]
    x = (x.T if tall else x) / (x.norm() + 1e-7)
    for _ in range(ITERATIONS):
        square = x @ x.T
        x = A * x + (B * square + C * square @ square) @ x
    return (x.T if tall else x).float()


class Muon(torch.optim.Optimizer):
    def __init__(self, parameters, lr, momentum=0.95, weight_decay=0.0):
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                average = self.state[p].setdefault("average", torch.zeros_like(p))
                average.lerp_(p.grad, 1 - group["momentum"])
                update = orthogonal(p.grad.lerp(average, group["momentum"]))
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(update, alpha=-group["lr"] * max(1.0, p.shape[0] / p.shape[1]) ** 0.5)
