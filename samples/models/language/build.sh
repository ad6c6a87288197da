#!/bin/sh
# Makes the language models again, from seeds: text, target, drafters, datastore, exports. Resumes where it stopped; uses
# CUDA if PyTorch finds it. WORK keeps text, checkpoints and logs.
#     samples/models/language/build.sh [WORK]
set -eu
cd "$(dirname "$0")"
samples=../..
work=$(mkdir -p "${1:-$samples/../out/language}" && cd "${1:-$samples/../out/language}" && pwd)
python=${PYTHON:-/usr/bin/python3}
threads=${THREADS:-1}
# Large tensors from the heap instead of fresh pages: a fifth less time a step with glibc.
export MALLOC_MMAP_THRESHOLD_=2000000000 MALLOC_TRIM_THRESHOLD_=4000000000 MALLOC_TOP_PAD_=200000000

tool="dotnet run -c Release --project $samples/TextTool --"
[ -f "$work/train.jsonl" ]    || $tool conversations --out "$work/train.jsonl" --count 150000 --seed 1001
[ -f "$work/validate.jsonl" ] || $tool questions --out "$work/validate.jsonl" --per-kind 100 --seed 2002
$tool questions --out "$samples/language/question.jsonl" --per-kind 40 --seed 3003

common="--train $work/train.jsonl --work $work --threads $threads"
"$python" train_target.py   $common --validate "$work/validate.jsonl" --steps 4200 --tokens 2048 --every 250
"$python" train_drafters.py $common --validate "$work/validate.jsonl" --steps 1000 --tokens 2048 --every 500
"$python" export_language.py $common --questions "$samples/language/question.jsonl" --out ..
