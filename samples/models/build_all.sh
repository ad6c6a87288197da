#!/bin/sh
# Makes every demo model again, from seeds: clip-demo, the other image-text models with the closed loop, the language models.
# Each part resumes where it stopped. On two cores: about half an hour, two to three hours, one hour.
#     samples/models/build_all.sh [WORK]
set -eu
cd "$(dirname "$0")"
mkdir -p "${1:-../../out/models}"
work=$(cd "${1:-../../out/models}" && pwd)
python=${PYTHON:-/usr/bin/python3}
pool="dotnet run -c Release --project ../PoolTool --"
[ -d "$work/clip/train" ]    || $pool pairs --out "$work/clip/train" --count 80000 --seed 1001
[ -d "$work/clip/validate" ] || $pool pairs --out "$work/clip/validate" --count 4000 --seed 2002
[ -d "$work/clip/test" ]     || $pool pairs --out "$work/clip/test" --count 4000 --seed 3003
$pool pool --out "$work/clip/heldout" --seed 4004
"$python" train_clip_demo.py  --train "$work/clip/train" --validate "$work/clip/validate" --work "$work/clip/work" --steps 1600
"$python" evaluate_on_pool.py --work "$work/clip/work" --pool "$work/clip/heldout"
"$python" export_clip_demo.py --work "$work/clip/work" --test "$work/clip/test" --pool "$work/clip/heldout" --out clip-demo
./build_image_text.sh "$work/image-text"
language/build.sh "$work/language"
