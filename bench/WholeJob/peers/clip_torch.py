"""CLIP scores of a folder of shards with PyTorch: tarfile, Pillow, one loader process a core, batches of 32.

    /usr/bin/python3 clip_torch.py POOL MODEL SCRIPTS CORES

SCRIPTS is samples/models: the towers are built by clip_model.py and take the weights of MODEL's ONNX files, so this scores with
the same model. Prints one line of JSON: pairs, seconds and processor seconds from the first byte read to the last score, mean cosine, versions.
Imports, the model and the loader processes are ready before the clock starts.
"""
import glob
import json
import resource
import sys
import tarfile
import time

import torch

pool, model_folder, scripts, cores = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
sys.path.insert(0, scripts)

import PIL  # noqa: E402
from byte_bpe import Bpe  # noqa: E402
from clip_model import Clip  # noqa: E402
from clip_weights import load_towers  # noqa: E402
from pair_data import normalise, preprocess  # noqa: E402

BATCH = 32
bpe = Bpe.load(model_folder)


class Shards(torch.utils.data.IterableDataset):
    """Pairs of its share of the shards; the first item says that the process is up."""

    def __iter__(self):
        worker = torch.utils.data.get_worker_info()
        for path in sorted(glob.glob(f"{pool}/*.tar"))[worker.id::worker.num_workers]:
            with tarfile.open(path) as tar:
                image, text = None, None
                for member in tar:
                    data, kind = tar.extractfile(member).read(), member.name.rsplit(".", 1)[1]
                    image = data if kind in ("jpg", "png", "webp") else image
                    text = data.decode() if kind == "txt" else text
                    if image is not None and text is not None:
                        yield torch.from_numpy(normalise(preprocess(image)[None])[0]), torch.tensor(bpe.encode(text))
                        image, text = None, None


torch.set_num_threads(cores)
torch.set_grad_enabled(False)
model = Clip(len(bpe.vocab))
load_towers(model, f"{model_folder}/onnx")
model.eval()
model.vision(torch.zeros(BATCH, 3, 64, 64)), model.text(torch.zeros(BATCH, 77, dtype=torch.long))

loader = torch.utils.data.DataLoader(Shards(), batch_size=BATCH, num_workers=cores)
start, used, pairs, total = time.perf_counter(), time.process_time(), 0, 0.0
for pixels, ids in loader:
    images, texts = model.vision(pixels), model.text(ids)
    cosines = torch.nn.functional.cosine_similarity(images, texts)
    pairs, total = pairs + len(cosines), total + float(cosines.sum())
seconds, own = time.perf_counter() - start, time.process_time() - used
# The loader processes have ended with the loop; they are forks and did nothing before it.
loaders = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"pairs": pairs, "seconds": seconds, "processor": own + loaders.ru_utime + loaders.ru_stime, "mean": total / pairs,
                  "versions": f"PyTorch {torch.__version__}, Pillow {PIL.__version__}, Python {sys.version.split()[0]}"}))
