"""Runs Spec-Bench's own speed.py and equal.py over answer files and prints what they say as JSON.

  python3 spec_bench.py SPEC_BENCH MODEL_FOLDER ANSWERS BASELINE_ANSWERS     (needs numpy)

Their code is used as it is. It counts the baseline's tokens with a Hugging Face tokenizer; in place of that library the demo
model's own tokenizer is given to it.
"""
import contextlib
import io
import json
import pathlib
import shutil
import sys
import tempfile
import types

ROOT = pathlib.Path(__file__).resolve().parents[4]
sys.path.insert(0, str(ROOT / "samples" / "models" / "language"))
from gpt2_bpe import Gpt2Bpe  # noqa: E402


class AutoTokenizer:
    @classmethod
    def from_pretrained(cls, folder):
        bpe = Gpt2Bpe.load(folder)
        return lambda text: types.SimpleNamespace(input_ids=[bpe.bos, *bpe.encode(text)])


sys.modules["transformers"] = types.SimpleNamespace(AutoTokenizer=AutoTokenizer)
spec_bench, model, answers, baseline = sys.argv[1:]
sys.path.insert(0, str(pathlib.Path(spec_bench) / "evaluation"))
import equal  # noqa: E402
import speed  # noqa: E402

categories = sorted({json.loads(line)["category"] for line in open(answers, encoding="utf-8")})
with contextlib.redirect_stdout(io.StringIO()):
    overall = speed.speed(answers, baseline, model, task="overall")
    tasks = {c: speed.speed(answers, baseline, model, task=c)[3] for c in categories}
with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as said:
    for name, path in (("a.jsonl", answers), ("b.jsonl", baseline)):
        shutil.copy(path, pathlib.Path(folder) / name)
    equal.run_compare(folder + "/", "a.jsonl", "b.jsonl")
print(json.dumps({
    "mat": sum(overall[3]) / len(overall[3]), "speedup": float(overall[2]), "equal": said.getvalue().strip(),
    "categories": {c: sum(lengths) / len(lengths) for c, lengths in tasks.items()}}))
