#!/usr/bin/env python3
"""Runs DataComp's own resharder.py, as it is.

  python3 run_resharder.py RESHARDER.py -i POOL -o OUT -s sample_ids.npy ...

Needs numpy, tqdm, braceexpand, yaml and webdataset 0.2.31, the version that DataComp names (its source tree on PYTHONPATH is enough). Libraries that this use of it
imports but does not need (cv2, pyarrow, cloudpathlib, img2dataset: blurring and buckets) are stood in for where they are
missing; simdjson by the json of Python.
"""
import importlib
import json
import runpy
import sys
import types


def stand_in(name, **members):
    try:
        importlib.import_module(name)
    except ImportError:
        module = types.ModuleType(name)
        module.__dict__.update(members)
        sys.modules[name] = module
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, module)


class Unused:
    def __init__(self, *arguments, **named):
        pass


class Parser:
    def parse(self, text):
        return json.loads(text)


stand_in("cv2")
for name in ("pyarrow", "pyarrow.compute", "pyarrow.parquet", "img2dataset"):
    stand_in(name)
stand_in("img2dataset.blurrer", BoundingBoxBlurrer=Unused)
stand_in("cloudpathlib", CloudPath=Unused)
stand_in("cloudpathlib.enums", FileCacheMode=types.SimpleNamespace(close_file=types.SimpleNamespace(name="close_file")))
stand_in("simdjson", Parser=Parser, load=json.load, dump=json.dump, dumps=json.dumps)

sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
