"""A model folder in the making: graphs in both precisions, golden vectors, tokenizer, manifest, card."""
import hashlib
import json
import os
import shutil

from golden import Golden
from gpt2_bpe import ASSISTANT, BOS, END, USER
from onnx_builder import Weights

ROLES = {"ids": "input_ids", "positions": "position_ids", "bias": "attention_bias", "mask": "attention_mask", "hidden": "hidden_states"}
RESULTS = {"logits": "logits", "hidden": "hidden_states", "hidden_out": "hidden_states_out", "heads": "medusa_logits", "fused": "fused_hidden_states"}


class ModelFolder:
    def __init__(self, root, name, kind, provenance):
        self.path, self.name = os.path.join(root, name), name
        shutil.rmtree(self.path, ignore_errors=True)
        os.makedirs(os.path.join(self.path, "onnx"))
        self.golden = Golden(self.path)
        self.manifest = {"kind": kind, "files": {}, "inputs": {}, "outputs": {}, "golden": "golden.json",
                         "licence": "MIT", "provenance": provenance}

    def add_graphs(self, data, builds):
        """builds: {manifest key: (file name, weights -> Builder)}; one weight file `data` for each precision."""
        for suffix, half in (("", False), ("_fp16", True)):
            weights = Weights(f"{data}{suffix}.onnx_data", half)
            made = [(key, name, build(weights)) for key, (name, build) in builds.items()]
            weights.save(os.path.join(self.path, "onnx"))
            for key, name, builder in made:
                self.manifest["files"][key + suffix] = f"onnx/{name}{suffix}.onnx"
                builder.save(os.path.join(self.path, "onnx", f"{name}{suffix}.onnx"))
                for field, known, values in (("inputs", ROLES, builder.inputs), ("outputs", RESULTS, builder.outputs)):
                    names = {v.name for v in values}
                    self.manifest[field] |= {role: n for role, n in known.items() if n in names}

    def add_tokenizer(self, bpe, shape):
        bpe.save(self.path, shape.context)
        self.manifest |= {
            "bos_token_id": bpe.bos, "eos_token_id": bpe.end, "pad_token_id": bpe.pad,
            "prompt_template": f"{BOS}{USER}{{prompt}}{ASSISTANT}", "next_turn_template": f"{USER}{{prompt}}{ASSISTANT}",
            "answer_end": END}

    def describe(self, shape, layers=None):
        self.manifest |= {
            "num_layers": layers or shape.layers, "num_attention_heads": shape.heads, "num_key_value_heads": shape.kv_heads,
            "head_dim": shape.head, "hidden_size": shape.width, "vocab_size": shape.vocab,
            "max_position_embeddings": shape.context, "rope_theta": shape.theta}

    def write_config(self, shape, bpe):
        """config.json as Hugging Face's LlamaForCausalLM reads it."""
        self.write("config.json", json.dumps({
            "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": shape.vocab,
            "hidden_size": shape.width, "intermediate_size": shape.hidden, "num_hidden_layers": shape.layers,
            "num_attention_heads": shape.heads, "num_key_value_heads": shape.kv_heads, "head_dim": shape.head,
            "hidden_act": "silu", "rms_norm_eps": shape.epsilon, "rope_theta": shape.theta, "tie_word_embeddings": True,
            "attention_bias": False, "mlp_bias": False, "max_position_embeddings": shape.context,
            "bos_token_id": bpe.bos, "eos_token_id": bpe.end, "pad_token_id": bpe.pad}, indent=2) + "\n")

    def write(self, name, text):
        with open(os.path.join(self.path, name), "w", encoding="utf-8", newline="\n") as f:
            f.write(text)

    def finish(self, card):
        """Golden vectors, the card, and the manifest with the SHA-256 of every model file."""
        if self.golden.runs:
            self.golden.save()
        else:
            shutil.rmtree(os.path.join(self.path, "golden"))
            os.rmdir(os.path.join(self.path, "onnx"))
            for field in ("golden", "inputs", "outputs"):
                del self.manifest[field]
        digests = {}
        for folder, _, names in os.walk(self.path):
            for name in names:
                if name.endswith((".onnx", ".onnx_data", ".bin", "tokenizer.json")):
                    path = os.path.join(folder, name)
                    with open(path, "rb") as f:
                        digests[os.path.relpath(path, self.path)] = hashlib.sha256(f.read()).hexdigest()
        self.manifest["sha256"] = dict(sorted(digests.items()))
        self.write("orchestrator.json", json.dumps(self.manifest, indent=2) + "\n")
        self.write("README.md", card)
