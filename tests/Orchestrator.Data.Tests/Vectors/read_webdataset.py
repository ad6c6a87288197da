#!/usr/bin/env python3
"""Reads shards with the webdataset library and prints one JSON line a sample: key, and SHA-256 of each member.

  python3 read_webdataset.py SHARD...        (pip install webdataset, or its source tree on PYTHONPATH)
"""
import hashlib
import json
import sys

import webdataset as wds

for sample in wds.WebDataset(sys.argv[1:], shardshuffle=False):
    print(json.dumps({
        "key": sample["__key__"],
        "members": {k: hashlib.sha256(v).hexdigest() for k, v in sample.items() if not k.startswith("__")},
    }))
