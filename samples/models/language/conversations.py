"""Generated conversations as token ids: read, cached, cut into batches of like length."""
import json
import os

import numpy as np
import torch

PROMPT_WEIGHT = 0.1


def read(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def encode(bpe, line):
    """(ids, answer) of a whole conversation; answer[i] is true where ids[i] is the model's to say, its end token included."""
    ids, answer = [bpe.bos], [False]
    for turn, reply in zip(line["turns"], line.get("answers") or line["reference"]):
        asked = [bpe.user, *bpe.encode(turn), bpe.assistant]
        said = [*bpe.encode(reply), bpe.end]
        ids += asked + said
        answer += [False] * len(asked) + [True] * len(said)
    return ids, answer


def load(bpe, path, cache):
    """Lists of u16 and bool arrays, one a conversation; kept in `cache` (npz) for the next run."""
    if not os.path.exists(cache):
        rows = [encode(bpe, line) for line in read(path)]
        lengths = np.array([len(ids) for ids, _ in rows])
        np.savez(cache, lengths=lengths, ids=np.concatenate([np.array(r[0], np.uint16) for r in rows]),
                 answer=np.concatenate([np.array(r[1], bool) for r in rows]))
    kept = np.load(cache)
    ends = np.cumsum(kept["lengths"])[:-1]
    return np.split(kept["ids"], ends), np.split(kept["answer"], ends)


class Batches:
    """Endless batches of about `tokens` tokens from rows of like length, in an order that follows from the seed and the
    number of the pass, so that a resumed run goes on where it stopped."""

    def __init__(self, ids, answer, pad, tokens, seed):
        self.ids, self.answer, self.pad, self.tokens, self.seed = ids, answer, pad, tokens, seed
        self.lengths = np.array([len(x) for x in ids])

    def plan(self, epoch):
        chance = np.random.default_rng([self.seed, epoch])
        order = chance.permutation(len(self.ids))
        batches = []
        for part in np.array_split(order, max(1, len(order) // 4096)):
            part = part[np.argsort(self.lengths[part], kind="stable")]
            start = 0
            while start < len(part):
                count = 1
                while start + count < len(part) and self.lengths[part[start + count]] * (count + 1) <= self.tokens:
                    count += 1
                batches.append(part[start:start + count])
                start += count
        return [batches[i] for i in chance.permutation(len(batches))]

    def from_step(self, step):
        epoch = 0
        while True:
            plan = self.plan(epoch)
            for rows in plan[step:]:
                yield self.collate(rows)
            step, epoch = max(0, step - len(plan)), epoch + 1

    def collate(self, rows):
        """ids i64 [n, longest] (padded on the right) and answer bool [n, longest]."""
        longest = self.lengths[rows].max()
        ids = np.full((len(rows), longest), self.pad, np.int64)
        answer = np.zeros((len(rows), longest), bool)
        for i, r in enumerate(rows):
            ids[i, :len(self.ids[r])] = self.ids[r]
            answer[i, :len(self.ids[r])] = self.answer[r]
        return torch.from_numpy(ids), torch.from_numpy(answer)
