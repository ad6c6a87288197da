"""Measures a checkpoint of train_dfn_demo.py on pairs and a pool it never saw and writes the model folder.

    /usr/bin/python3 export_dfn_demo.py --work DIR --test DIR --pool DIR --out dfn-demo
"""
from byte_bpe import Bpe
from export_clip_demo import parse, write_clip_folder
from model_card import DFN_HOW, DFN_LIMITS
from model_folder import provenance
from train_dfn_demo import FINE_TUNING_FROM, build
from training import load_state


def main():
    args = parse("dfn-demo")
    bpe, state = Bpe.load(args.work), load_state(args.work)
    model = build(len(bpe.vocab))
    inside = {k[len("clip."):]: v for k, v in state["model"].items() if k.startswith("clip.")}
    model.load_state_dict(inside)
    model.eval().requires_grad_(False)
    made = provenance(
        model, state, ["train_dfn_demo.py", "export_dfn_demo.py"],
        f"{state['pictures']} clean pictures with 4 true captions each, drawn by samples/PoolTool pairs --seed 5005",
        fine_tuning_from_step=int(FINE_TUNING_FROM * state["steps"]))
    write_clip_folder(args, bpe, model, made, DFN_HOW, DFN_LIMITS, pictures=4)


if __name__ == "__main__":
    main()
