#!/usr/bin/env bash
# Rebuilds siglip-demo, dfn-demo, blip-caption-demo and blip-itm-demo from seeds, clip-demo being there already.
#
#   samples/models/build_image_text.sh [FOLDER]      data and checkpoints go to FOLDER (default: out)
#
# A run that was interrupted goes on from its last checkpoint; delete FOLDER/work/NAME to train NAME anew. PYTHON names an
# interpreter with PyTorch 1.13, onnx, Pillow and sentencepiece (Debian 12: python3-torch python3-onnx python3-pil
# python3-sentencepiece), THREADS the processor cores to use. A CUDA device is used where PyTorch finds one.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=$(realpath -m "${1:-out}")
python=${PYTHON:-/usr/bin/python3}
threads=${THREADS:-$(nproc)}
export OMP_NUM_THREADS=$threads

pairs() { # name, count, seed
  [ -e "$out/$1/done" ] && return
  dotnet run -c Release --project samples/PoolTool -- pairs --out "$out/$1" --count "$2" --seed "$3"
  touch "$out/$1/done"
}
pairs verified 50000 5005
pairs validate 4000 2002
pairs test 4000 3003
dotnet run -c Release --project samples/PoolTool -- pool --out "$out/heldout" --seed 4004
dotnet run -c Release --project samples/PoolTool -- pool --out "$out/noisy" --shards 32 --seed 6006

cd samples/models
train() { # script, work folder
  "$python" "train_$1.py" --train "$out/verified" --validate "$out/validate" --work "$out/work/$2" --threads "$threads" --every 200
}
measured=(--test "$out/test" --pool "$out/heldout")
train dfn_demo dfn
"$python" export_dfn_demo.py --work "$out/work/dfn" "${measured[@]}" --out dfn-demo
train blip_caption caption
"$python" export_blip.py caption --work "$out/work/caption" "${measured[@]}" --out blip-caption-demo
train blip_itm itm
"$python" export_blip.py itm --work "$out/work/itm" "${measured[@]}" --out blip-itm-demo
train siglip_demo siglip
"$python" export_siglip_demo.py --work "$out/work/siglip" "${measured[@]}" --out siglip-demo
"$python" digests.py siglip-demo dfn-demo blip-caption-demo blip-itm-demo
"$python" closed_loop.py --pool "$out/noisy" --test "$out/test" --work "$out/work" --threads "$threads"
