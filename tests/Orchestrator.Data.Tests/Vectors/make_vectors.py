#!/usr/bin/env python3
"""Makes the files beside this script, with oracles that share no code with the product.

  shards/*.tar            archives by Python's tarfile (and a few headers by hand)
  shards.json             for each: samples by webdataset's group_by_keys ("library") and by DataComp's
                          group_by_keys_nothrow ("nothrow"); member data as SHA-256
  writer.tar, writer.json the same samples as tarfile USTAR and as webdataset.TarWriter (the two are compared here)
  sample_ids.npy          numpy; sample_ids.json the ids as hexadecimal text
  braces.json             expansions by braceexpand

Needs: numpy, braceexpand, a webdataset source tree and DataComp's resharder.py.
  PYTHONPATH=<webdataset>/src:<braceexpand> python3 make_vectors.py <datacomp>/resharder.py
Python 3.11 made the stored files.
"""
import ast
import base64
import hashlib
import io
import json
import pathlib
import sys
import tarfile

import braceexpand
import numpy as np
import webdataset as wds
from webdataset.tariterators import base_plus_ext, group_by_keys, tar_file_expander, valid_sample

HERE = pathlib.Path(__file__).parent
SHARDS = HERE / "shards"


def nothrow(resharder):
    tree = ast.parse(pathlib.Path(resharder).read_text())
    function = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "group_by_keys_nothrow")
    scope = {"base_plus_ext": base_plus_ext, "valid_sample": valid_sample}
    exec(compile(ast.Module([function], []), resharder, "exec"), scope)
    return scope["group_by_keys_nothrow"]


def add(tar, name, data=None, kind=tarfile.REGTYPE, **fields):
    info = tarfile.TarInfo(name)
    data = name.encode("utf-8", "surrogateescape") * 3 if data is None else data
    info.type = kind
    info.mode = 0o444
    if kind in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE):
        info.size = len(data)
    for field, value in fields.items():
        setattr(info, field, value)
    tar.addfile(info, io.BytesIO(data) if info.size else None)


def shard(name, names, format=tarfile.USTAR_FORMAT, **options):
    with tarfile.open(SHARDS / f"{name}.tar", "w", format=format, **options) as tar:
        for item in names:
            if callable(item):
                item(tar)
            else:
                add(tar, item)


def raw_header(name, data, size_field=None, magic=b"ustar\0" + b"00", kind=b"0", prefix=b"", signed=False):
    size = b"%011o\0" % len(data) if size_field is None else size_field
    block = bytearray(512)
    block[0:len(name)] = name
    block[100:108] = b"0000444\0"
    block[108:116] = block[116:124] = b"0000000\0"
    block[124:136] = size
    block[136:148] = b"00000000000\0"
    block[148:156] = b" " * 8
    block[156:157] = kind
    block[257:257 + len(magic)] = magic
    block[345:345 + len(prefix)] = prefix
    total = sum(b - 256 if signed and b > 127 else b for b in block)
    block[148:156] = b"%06o\0 " % total
    return bytes(block) + data + b"\0" * (-len(data) % 512)


def make_shards():
    shard("plain", [f"{i:05d}.{e}" for i in range(3) for e in ("jpg", "json", "txt")])
    shard("duplicates", ["a.jpg", "a.txt", "a.jpg", "a.json", "a.json", "b.txt", "a.jpg"])
    shard("dotted-folders", ["dir.v1/0001.jpg", "dir.v1/0001.txt", "dir.v1/sub.x/2.seg.PNG", "./3.jpg", "./3.txt", "x.y/noext"])
    shard("extensions", ["a.JPG", "a.seg.PNG", "a.Txt", "a.", "b.tar.gz", "b..jpg", "c.jpg.", "\u00e9t\u00e9.J\u00c9PG"], tarfile.PAX_FORMAT)
    shard("hidden", [".hidden.jpg", "a/.hidden.jpg", "a/.hidden.txt", "noext", "._0001.jpg", "0001.jpg", "noext2", "0001.txt", "a.b/.c.d", "x/y.z/.h.j"])
    shard("meta", ["__index__", "__meta__/x.json", "__a__.jpg", "a/__b__/c.jpg", "__x__", "__.jpg", "0.jpg", "__m__/y.txt", "0.txt"])
    shard("interleaved", ["a.jpg", "b.jpg", "a.txt", "b.txt", "b.json"])
    shard("empty", [])
    shard("zero-length", [lambda t: add(t, "a.txt", b""), "a.jpg", lambda t: add(t, "b.txt", b""), lambda t: add(t, "c.jpg", b"x" * 512), lambda t: add(t, "c.txt", b"y" * 513)])
    shard("types", [
        "0.jpg",
        lambda t: add(t, "0.dir", kind=tarfile.DIRTYPE),
        lambda t: add(t, "0.link", kind=tarfile.SYMTYPE, linkname="/etc/passwd"),
        lambda t: add(t, "0.hard", kind=tarfile.LNKTYPE, linkname="0.jpg"),
        lambda t: add(t, "0.fifo", kind=tarfile.FIFOTYPE),
        lambda t: add(t, "0.dev", kind=tarfile.CHRTYPE, devmajor=1, devminor=3),
        lambda t: add(t, "0.cont", kind=tarfile.CONTTYPE),
        lambda t: add(t, "0.old", kind=tarfile.AREGTYPE),
        "0.txt",
    ])
    deep = "/".join(["folder%02d" % i for i in range(12)])
    shard("ustar-prefix", [deep + "/0001.jpg", deep + "/0001.txt", "y" * 95 + ".jpg"])
    long = "k" * 120 + "/" + "n" * 200
    shard("pax-long", [long + ".jpg", long + ".txt", "\u96ea/\u82b1.jpg", lambda t: add(t, "\u96ea/\u82b1.txt", mtime=1.5, pax_headers={"comment": "a=b\nc"})], tarfile.PAX_FORMAT)
    shard("pax-global", ["0.jpg", "0.txt"], tarfile.PAX_FORMAT, pax_headers={"comment": "whole archive"})
    shard("gnu-long", [long + ".jpg", long + ".txt", lambda t: add(t, "0.sym", kind=tarfile.SYMTYPE, linkname="z" * 300), "0.jpg"], tarfile.GNU_FORMAT)
    end = b"\0" * 1024
    (SHARDS / "by-hand.tar").write_bytes(
        raw_header(b"0.jpg", b"base-256 size", size_field=b"\x80" + (13).to_bytes(11, "big"))
        + raw_header(b"0.txt", b"blanks in the size", size_field=b"        22 \0")
        + raw_header(b"0.json", b"version 7", magic=b"")
        + raw_header(b"1.jpg", b"gnu magic", magic=b"ustar  \0")
        + raw_header("1.\u00e9".encode(), b"signed sum", signed=True)
        + raw_header(b"1.unknown", b"unknown type", kind=b"Q")
        + raw_header(b"1.txt", b"after it")
        + raw_header(b"t.txt", b"with prefix", prefix=b"some/folder")
        + end)


def describe(samples):
    return [
        {"key": s["__key__"], "members": [{"ext": k, "sha256": hashlib.sha256(v).hexdigest()} for k, v in s.items() if not k.startswith("__")]}
        for s in samples
    ]


def expectations(grouper):
    expected = {}
    for path in sorted(SHARDS.glob("*.tar")):
        def grouped(group, **options):
            with open(path, "rb") as stream:
                files = tar_file_expander([{"url": path.name, "stream": stream}], **options)
                return describe(group(files, handler=lambda e: True))
        expected[path.stem] = {"library": grouped(group_by_keys), "nothrow": grouped(grouper, eof_value=None)}
    (HERE / "shards.json").write_text(json.dumps(expected, indent=1))


def make_writer():
    samples = [
        ("000000000", {"txt": b"a caption", "jpg": bytes(range(256)) * 5, "json": b'{"a": 1}'}),
        ("sub.folder/000000001", {"jpg": b"", "txt": b"x" * 512}),
        ("\u96ea", {"txt": "\u82b1".encode(), "b.json": b"{}", "a": b"1", "jpg": b"2"}),
        ("/".join(["folder%02d" % i for i in range(12)]) + "/deep", {"jpg": b"deep", "txt": b"deeper"}),
        ("n" * 96, {"jpg": b"exactly one hundred bytes"}),
        ("big", {"jpg": bytes(i * 7 % 256 for i in range(30000))}),
    ]
    by_tarfile = io.BytesIO()
    with tarfile.open(fileobj=by_tarfile, mode="w|", format=tarfile.USTAR_FORMAT) as tar:
        for key, members in samples:
            for ext in sorted(members):
                add(tar, f"{key}.{ext}", members[ext], mtime=0, uname="bigdata", gname="bigdata")
    by_library = io.BytesIO()
    with wds.TarWriter(by_library, mtime=0, encoder=False) as tar:
        for key, members in samples[:2] + samples[4:]:
            tar.write({"__key__": key, **members})
    # The library leaves the archive format to Python (PAX), which differs only for names that plain headers cannot hold.
    ours = io.BytesIO()
    with tarfile.open(fileobj=ours, mode="w|", format=tarfile.USTAR_FORMAT) as tar:
        for key, members in samples[:2] + samples[4:]:
            for ext in sorted(members):
                add(tar, f"{key}.{ext}", members[ext], mtime=0, uname="bigdata", gname="bigdata")
    assert ours.getvalue() == by_library.getvalue()
    (HERE / "writer.tar").write_bytes(by_tarfile.getvalue())
    (HERE / "writer.json").write_text(json.dumps(
        [{"key": k, "members": {e: base64.b64encode(d).decode() for e, d in m.items()}} for k, m in samples], indent=1))


def make_npy():
    random = np.random.RandomState(7)
    ids = sorted((int(h), int(l)) for h, l in random.randint(0, 2**63, (500, 2), dtype=np.uint64) * np.uint64(2) + np.uint64(1))
    ids += [ids[-1], ids[0], (ids[3][0], 0), (ids[3][0], 2**64 - 1)]
    array = np.array(sorted(ids), dtype="u8,u8")
    np.save(HERE / "sample_ids.npy", array)
    (HERE / "sample_ids.json").write_text(json.dumps([f"{h:016x}{l:016x}" for h, l in array.tolist()]))


def make_braces():
    patterns = [
        "plain.tar", "{00000000..00000007}.tar", "{0..3}", "{7..9}x{a,b}", "a{b,c{d,e}f,}g", "{x,{1..3}}", "{10..1..4}",
        "{1..10..3}", "{08..12}", "{-2..2}", "{-02..2}", "{a..e}", "{e..a..2}", "{a,b}{c,d}{e,f}", "{,x}", "p/{train,val}-{000..002}.tar",
    ]
    (HERE / "braces.json").write_text(json.dumps({p: list(braceexpand.braceexpand(p)) for p in patterns}, indent=1))


if __name__ == "__main__":
    SHARDS.mkdir(exist_ok=True)
    make_shards()
    expectations(nothrow(sys.argv[1]))
    make_writer()
    make_npy()
    make_braces()
