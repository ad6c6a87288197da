"""Vectors for the evaluation tests, from numpy alone: python3 make_evaluation.py

one_node.json    one node of a tree, V = 6, three children, 200 pairs of laws: acceptance of a child in closed form or by
                 recursion, for right and wrong verifiers. Logits of the target are 1.68 N(0,1), the draft adds 0.62 N(0,1).
sampling.json    repetition penalty, temperature, top-k, top-p by sorting.
buffers.json     Medusa's tree buffers by matching prefixes of the choices.
"""
import json
import numpy as np

rng = np.random.default_rng(20)


def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()


def residual(p, q):
    r = np.maximum(0, p - q)
    return r / r.sum() if r.sum() > 0 else p


def independent(p, q, k):
    """SpecInfer: acceptance and law of the token emitted."""
    reach, accepted, law = 1.0, 0.0, np.zeros_like(p)
    for _ in range(k):
        m = np.minimum(p, q)
        accepted += reach * m.sum()
        law += reach * m
        reach *= 1 - m.sum()
        p = residual(p, q)
    return accepted, law + reach * p


def without(p, q, k):
    """Sequoia: q without the rejected token, renormalised."""
    if k == 0 or q.sum() <= 0:
        return 0.0, p
    qn = q / q.sum()
    accepted, law = 0.0, np.zeros_like(p)
    for x in np.flatnonzero(qn):
        a = min(1.0, p[x] / qn[x])
        accepted += qn[x] * a
        law[x] += qn[x] * a
        if a < 1:
            rest = q.copy()
            rest[x] = 0
            more, below = without(residual(p, qn), rest, k - 1)
            accepted += qn[x] * (1 - a) * more
            law += qn[x] * (1 - a) * below
    return accepted, law


def stale(p, q, k, left=None):
    """Wrong: drawn without replacement, q as it was in ratio and residual."""
    left = q.copy() if left is None else left
    if k == 0 or left.sum() <= 0:
        return 0.0, p
    d = left / left.sum()
    accepted, law = 0.0, np.zeros_like(p)
    for x in np.flatnonzero(d):
        a = min(1.0, p[x] / q[x])
        accepted += d[x] * a
        law[x] += d[x] * a
        if a < 1:
            rest = left.copy()
            rest[x] = 0
            more, below = stale(residual(p, q), q, k - 1, rest)
            accepted += d[x] * (1 - a) * more
            law += d[x] * (1 - a) * below
    return accepted, law


def unchanged(p, q, k):
    """Wrong: p not replaced by the residual after a rejection, but at the end."""
    m = np.minimum(p, q)
    reach, accepted, law = 1.0, 0.0, np.zeros_like(p)
    for _ in range(k):
        accepted += reach * m.sum()
        law += reach * m
        reach *= 1 - m.sum()
    return accepted, law + reach * p


def tv(a, b):
    return float(np.abs(a - b).sum() / 2)


nodes = []
for _ in range(200):
    z = np.round(1.68 * rng.normal(size=6), 3).astype(np.float32)
    w = np.round(z + 0.62 * rng.normal(size=6), 3).astype(np.float32)
    p, q = softmax(z.astype(np.float64)), softmax(w.astype(np.float64))
    mss, mss_law = independent(p, q, 3)
    seq, seq_law = without(p, q, 3)
    assert tv(mss_law, p) < 1e-12 and tv(seq_law, p) < 1e-12
    d, d_law = stale(p, q, 3)
    e, e_law = unchanged(p, q, 3)
    nodes.append({
        "target": [round(float(v), 3) for v in z], "draft": [round(float(v), 3) for v in w],
        "specinfer": mss, "sequoia": seq, "pointMass": float(p[np.argsort(-w, kind="stable")[:3]].sum()),
        "staleQ": d, "staleQDistance": tv(d_law, p), "staleP": e, "stalePDistance": tv(e_law, p),
    })
names = ["specinfer", "sequoia", "pointMass", "staleQ", "staleP"]
print({n: round(float(np.mean([x[n] for x in nodes])), 3) for n in names})
json.dump(nodes, open("one_node.json", "w"))

cases = []
for case in range(60):
    v = int(rng.integers(3, 40))
    logits = np.round(rng.normal(scale=3, size=v), 3).astype(np.float32)
    temperature = float([0, 0.5, 0.7, 1, 1.6][case % 5])
    top_k = int(rng.choice([0, 1, 3, 7, v, v + 5]))
    top_p = float(rng.choice([1, 0.9, 0.5, 0.05]))
    penalty = float(rng.choice([1, 1.3, 0.8]))
    history = [int(t) for t in rng.integers(0, v, size=6)]
    z = logits.astype(np.float64)
    for t in set(history):
        z[t] = z[t] / penalty if z[t] > 0 else z[t] * penalty
    if temperature == 0:
        law = np.zeros(v)
        law[np.argmax(z)] = 1
    else:
        z = z / temperature
        order = np.argsort(-z, kind="stable")
        if top_k > 0:
            z[order[top_k:]] = -np.inf
        p = softmax(z)
        if top_p < 1:
            before = np.concatenate([[0], np.cumsum(p[order])[:-1]])
            p[order[before >= top_p]] = 0
        law = p / p.sum()
    cases.append({"logits": [round(float(x), 3) for x in logits], "temperature": temperature, "topK": top_k, "topP": top_p,
                  "penalty": penalty, "history": history, "law": [float(x) for x in law]})
json.dump(cases, open("sampling.json", "w"))


def buffers(choices, top_k):
    ordered = sorted(choices, key=lambda c: (len(c), c))
    names = [[]] + ordered
    mask = [[1 if a == b[:len(a)] else 0 for a in names] for b in names]
    indices = [0] + [c[-1] + top_k * (len(c) - 1) + 1 for c in ordered]
    leaves = [c for c in ordered if not any(len(o) > len(c) and o[:len(c)] == c for o in ordered)]
    depth = max(len(c) for c in ordered)
    rows = [[names.index(leaf[:i]) for i in range(len(leaf) + 1)] + [-1] * (depth - len(leaf)) for leaf in reversed(leaves)]
    return {"choices": choices, "topK": top_k, "mask": sum(mask, []), "treeIndices": indices,
            "positionIds": [len(c) for c in names], "retrieveIndices": rows}


trees = [[[0]], [[0], [0, 0], [1], [0, 1], [0, 0, 0]]]
for _ in range(6):
    tree = []
    while len(tree) < int(rng.integers(5, 30)):
        base = [] if not tree else tree[int(rng.integers(len(tree)))]
        path = base[:4] + [int(rng.integers(10))] if rng.random() < 0.7 else [int(rng.integers(10))]
        if path not in tree and (len(path) == 1 or path[:-1] in tree):
            tree.append(path)
    trees.append(tree)
json.dump([buffers(t, 10) for t in trees], open("buffers.json", "w"))
