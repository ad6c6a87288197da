"""SemDeDup on 5,000 embeddings by direct computation: writes semdedup.json beside this file.

    python3 make_semdedup.py

Everything is float64 NumPy over whole matrices. The embeddings are whole numbers from SplitMix64, so that a test can make
the same ones; they are rounded to float16 and normalised, as stored embeddings are. The script refuses to write where a
choice hangs on less than single precision can tell apart.
"""
import json
import os

import numpy as np

N, D, K, ITERATIONS, EPSILON, SEED = 5000, 16, 40, 12, 0.02, 7
MASK = (1 << 64) - 1


def mix(x):
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def bits(seed, stream, high, low):
    return mix(mix(mix(mix(seed & MASK) ^ stream) ^ high) ^ low)


def embeddings():
    rows = np.zeros((N, D))
    for i in range(N):
        base, amplitude = i * 7919 % 1000, (0, 400, 1200)[i % 3]
        for j in range(D):
            noise = bits(SEED, 2, i, j) % 2001 - 1000
            rows[i, j] = (bits(SEED, 1, base, j) % 2001 - 1000) * 4 + noise * amplitude // 1000
    rows = rows.astype(np.float16).astype(np.float64)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def kmeans(e):
    order = sorted(range(N), key=lambda i: bits(SEED, 0, 0, i))[:K]
    centroids = e[order]
    before = None
    for _ in range(ITERATIONS):
        similarity = e @ centroids.T
        assigned = similarity.argmax(1)
        two = np.sort(similarity, 1)[:, -2:]
        assert (two[:, 1] - two[:, 0]).min() > 1e-6, "an assignment is too near to call"
        if before is not None and (assigned == before).all():
            break
        before = assigned
        for c in range(K):
            total = e[assigned == c].sum(0)
            if np.linalg.norm(total) > 0:
                centroids[c] = total / np.linalg.norm(total)
    similarity = e @ centroids.T
    return similarity.argmax(1), similarity.max(1)


def main():
    e = embeddings()
    assigned, to_centroid = kmeans(e)
    keys = [f"{i * 31 % N:05d}" for i in range(N)]
    of = [-1] * N
    for c in range(K):
        # semdedup.py with keep_hard: farthest from the centroid first; equal ones by key.
        members = sorted(np.flatnonzero(assigned == c), key=lambda i: (np.float32(to_centroid[i]), keys[i]))
        s = e[members] @ e[members].T
        for j in range(1, len(members)):
            earlier = s[j, :j]
            best = earlier.max()
            assert abs(best - (1 - EPSILON)) > 1e-6, "a similarity is too near to the limit"
            if best > 1 - EPSILON:
                first = int(np.flatnonzero(earlier > best - 1e-9)[0])
                of[members[j]] = int(members[first]) if of[members[first]] < 0 else of[members[first]]
    # A pair whose order is too near to call in single precision could swap roles.
    for c in range(K):
        members = np.flatnonzero(assigned == c)
        s = e[members] @ e[members].T
        for a, b in zip(*np.where(np.triu(s > 1 - EPSILON, 1))):
            gap = abs(to_centroid[members[a]] - to_centroid[members[b]])
            assert gap == 0 or gap > 3e-7 or s[a, b] > 1 - 1e-12, f"order of two members is too near to call: {gap}"
    dropped = sum(1 for o in of if o >= 0)
    print(dropped, "of", N, "dropped;", len(set(o for o in of if o >= 0)), "groups; largest cluster", np.bincount(assigned).max())
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "semdedup.json"), "w") as f:
        json.dump({"n": N, "d": D, "clusters": K, "iterations": ITERATIONS, "epsilon": EPSILON, "seed": SEED, "of": of}, f, separators=(",", ":"))
        f.write("\n")


main()
