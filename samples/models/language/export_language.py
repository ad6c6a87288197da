"""Measures the checkpoints in the work folder and writes the model folders. See ../../README.md for the commands.

    /usr/bin/python3 export_language.py --train F --questions F --work DIR --out ..
"""
import argparse
import os

import torch

import conversations
import golden_drafters
import graphs
import rest_datastore
from golden_decoder import prove, record
from gpt2_bpe import Gpt2Bpe
from language_cards import card
from llama import DRAFT, DRAFTER_BLOCK, EARLY_EXITS, FEATURES, TARGET
from measure import measure
from model_folder import ModelFolder
from train_drafters import drafters, load_target

PROMPT_TOKENS = 10
SCRIPTS = ["train_target.py", "train_drafters.py", "export_language.py"]


def provenance(args, state, parameters, note=""):
    made = {
        "scripts": [f"samples/models/language/{s}" for s in SCRIPTS],
        "data": f"{args.conversations} conversations of samples/TextTool conversations --seed {args.data_seed}",
        "seed": state["seed"], "steps": state["step"], "planned_steps": state["planned"], "batch_tokens": state["tokens"],
        "training_seconds": round(state["seconds"]), "hardware": args.hardware,
        "framework": f"PyTorch {torch.__version__}", "parameters": parameters}
    return {**made, "note": note} if note else made


def count(module):
    return sum(p.numel() for p in module.parameters())


class Export:
    def __init__(self, args):
        self.args, self.bpe = args, Gpt2Bpe.load(args.work)
        self.target, self.state = load_target(args.work)
        self.models = drafters()
        self.drafter_state = torch.load(os.path.join(args.work, "drafters.pt"), map_location="cpu")
        self.models.load_state_dict(self.drafter_state["model"])
        self.models.eval()
        self.quality, self.agreement = measure(self.target, self.models, self.bpe, conversations.read(args.questions))

    def folder(self, name, kind, state, parameters):
        note = self.args.target_note if state is self.state else ""
        return ModelFolder(self.args.out, name, kind, provenance(self.args, state, parameters, note))

    def decoders(self):
        """lm-demo and lm-draft-demo; keeps what the drafters' golden runs need."""
        line = conversations.read(self.args.questions)[0]
        prompt = self.bpe.prompt(line["turns"][:1], [])[:PROMPT_TOKENS]
        parts = (("lm-demo", TARGET, self.target, self.state, EARLY_EXITS, FEATURES, "target"),
                 ("lm-draft-demo", DRAFT, self.models["draft"], self.drafter_state, (), (), "draft"))
        for name, shape, model, state, exits, features, role in parts:
            folder = self.folder(name, "causal-lm", state, count(model))
            builds = {"tree": ("decoder_tree", lambda w: graphs.tree(w, model, exits, features)),
                      "plain": ("model", lambda w: graphs.plain(w, model))}
            if role == "target":
                builds["fused"] = ("model_fused", lambda w: graphs.fused(w, model))
                builds[f"exit_{exits[0]}"] = (f"decoder_exit_{exits[0]}", lambda w: graphs.tree(w, model, layers=exits[0]))
            folder.add_graphs("decoder", builds)
            folder.describe(shape)
            folder.add_tokenizer(self.bpe, shape)
            folder.write_config(shape, self.bpe)
            tree = record(folder.golden, model, self.bpe, prompt, [k for k in ("plain", "fused") if k in builds], exits, features)
            folder.manifest |= {"role": role, "early_exit_layers": list(exits), "feature_layers": list(features)}
            folder.manifest["proof"] = prove(model, prompt, self.bpe.encode(line["reference"][0])[:8], tree)
            if role == "target":
                self.prompt, self.prefill = prompt, tree[0]
                folder.manifest["quality"] = self.quality
            else:
                folder.manifest["base"] = "lm-demo"
                folder.manifest["quality"] = {"data": self.quality["data"], "agreement": self.agreement["draft"][0][0],
                                              "parameters_of_target": count(self.target)}
            folder.finish(card(folder.name, folder.manifest, shape))

    def drafter(self, name, kind, modules, data, builds, extra, record_runs):
        folder = self.folder(name, kind, self.drafter_state, sum(count(self.models[m]) for m in modules))
        folder.add_graphs(data, builds)
        folder.describe(DRAFTER_BLOCK, layers=1)
        folder.manifest |= {"base": "lm-demo", **extra}
        record_runs(folder.golden)
        folder.finish(card(name, folder.manifest, DRAFTER_BLOCK))

    def heads_and_modules(self):
        target, table, models, found = self.target, self.target.embed.weight, self.models, self.agreement
        h = self.prefill[0]
        features = torch.cat([self.prefill[1][i - 1] for i in FEATURES], -1)
        with torch.no_grad():
            fused = models["eagle3"].fuse(features)

        def chain(name):
            return {"data": self.quality["data"], "draft_agreement": found["draft"][0][0], "chain_agreement": found[name]}

        self.drafter("medusa-demo", "medusa", ["medusa"], "heads",
                     {"heads": ("medusa_heads", lambda w: graphs.medusa(w, models["medusa"], table))},
                     {"num_heads": len(found["medusa"]), "head_accuracy": found["medusa"], "quality": {"data": self.quality["data"]}},
                     lambda g: golden_drafters.record_heads(g, "heads", models["medusa"], target, self.prefill))
        self.drafter("eagle-demo", "eagle", ["eagle"], "eagle",
                     {"head": ("eagle", lambda w: graphs.eagle(w, models["eagle"], table))},
                     {"variant": "eagle-1", "quality": chain("eagle")},
                     lambda g: golden_drafters.record_module(g, "head", models["eagle"], target, self.prompt, h))

        def eagle3_runs(golden):
            golden.run("fuse", ["fuse"], {"hidden_states": features}, {"fused_hidden_states": fused})
            golden_drafters.record_module(golden, "head", models["eagle3"], target, self.prompt, fused)

        self.drafter("eagle3-demo", "eagle", ["eagle3"], "eagle3",
                     {"head": ("eagle3", lambda w: graphs.eagle3(w, models["eagle3"], table)),
                      "fuse": ("eagle3_fuse", lambda w: graphs.fuse(w, models["eagle3"]))},
                     {"variant": "eagle-3", "feature_layers": list(FEATURES), "quality": chain("eagle3")}, eagle3_runs)

        def mtp_runs(golden):
            golden_drafters.record_heads(golden, "heads", models["mtp_heads"], target, self.prefill)
            golden_drafters.record_module(golden, "module", models["mtp_module"], target, self.prompt, h)

        self.drafter("mtp-demo", "mtp", ["mtp_heads", "mtp_module"], "mtp",
                     {"heads": ("mtp_heads", lambda w: graphs.parallel(w, models["mtp_heads"], table)),
                      "module": ("mtp_module", lambda w: graphs.mtp(w, models["mtp_module"], table))},
                     {"variant": "parallel+sequential", "num_heads": len(found["mtp_heads"]),
                      "head_accuracy": found["mtp_heads"], "quality": chain("mtp_module")}, mtp_runs)

    def datastore(self):
        folder = self.folder("rest-demo", "retrieval-datastore", self.state, 0)
        tokens, answers = rest_datastore.write(folder.path, self.target, self.bpe, conversations.read(self.args.train))
        folder.manifest["files"]["tokens"] = "datastore.bin"
        folder.manifest |= {"base": "lm-demo", "token_type": "uint16 little endian", "tokens": tokens, "answers": answers,
                            "separator_token_id": self.bpe.end, "vocab_size": TARGET.vocab,
                            "source": "greedy answers of lm-demo to its first training questions; no held-out question is among them"}
        folder.finish(card("rest-demo", folder.manifest, TARGET))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--train", required=True)
    parser.add_argument("--questions", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--conversations", type=int, default=150_000, help="how many --train holds, for the card")
    parser.add_argument("--data-seed", type=int, default=1001, help="seed --train was made with, for the card")
    parser.add_argument("--hardware", default="one core of two shared CPU cores, bfloat16 matrix products", help="for the card")
    parser.add_argument("--target-note", default="", help="a sentence on how the target's training went, for its card")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    export = Export(args)
    export.decoders()
    export.heads_and_modules()
    export.datastore()


if __name__ == "__main__":
    main()
