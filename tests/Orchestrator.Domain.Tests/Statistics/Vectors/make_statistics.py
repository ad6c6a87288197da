"""Vectors for the statistics tests, from mpmath and numpy: python3 make_statistics.py"""
import json
import mpmath as mp
import numpy as np

mp.mp.dps = 40


def survival(x, df):
    return mp.gammainc(mp.mpf(df) / 2, mp.mpf(x) / 2, mp.inf, regularized=True)


def noncentral(x, df, lam):
    half = mp.mpf(lam) / 2
    total = mp.mpf(0)
    for j in range(int(lam) + 400):
        total += mp.exp(-half + j * mp.log(half) - mp.loggamma(j + 1)) * survival(x, df + 2 * j)
    return total


out = {"survival": [], "noncentral": [], "logGamma": []}
for df in [1, 2, 3, 5, 10, 30, 124, 1000]:
    for q in [0.01, 0.3, 0.8, 1, 1.3, 2, 4]:
        out["survival"].append([q * df, df, float(survival(q * df, df))])
for x, df, lam in [(10, 4, 2), (20, 4, 12), (183.19, 124, 120), (30, 10, 0.5), (600, 300, 200), (3.84, 1, 10.5)]:
    out["noncentral"].append([x, df, lam, float(noncentral(x, df, lam))])
for x in [0.05, 0.5, 1, 1.5, 2, 3.7, 14.9, 15, 60.5, 1234.5]:
    out["logGamma"].append([x, float(mp.loggamma(x))])

rng = np.random.default_rng(1)
values = np.sort(rng.normal(size=37))
out["quantiles"] = {"sorted": values.tolist(), "at": [[f, float(np.quantile(values, f))] for f in [0, 0.025, 0.31, 0.5, 0.975, 1]]}


def splitmix(state, count):
    mask, result = (1 << 64) - 1, []
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        result.append(z ^ (z >> 31))
    return result


out["splitMix"] = [[s, [str(v) for v in splitmix(s, 5)]] for s in [0, 1234567]]
json.dump(out, open("statistics.json", "w"))
print(out["splitMix"][1])
