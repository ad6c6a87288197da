"""Writes pixels/: small encoded images and what PIL makes of them (Pillow 9.4, NumPy 1.24; seeds fixed).

Run: /usr/bin/python3 make_pixels.py
pixels/NAME            an encoded image
pixels/expected.json   [{file, mode, cases: [{resize, edge, filter, sha256 | gz}]}] with the 8-bit result of
                       Image.open -> convert("RGB") -> resize -> centre crop, as transformers' CLIPImageProcessor does it:
                       sha256 of the RGB bytes, and for results a decoder may round otherwise also the bytes, gzip and base64.
pixels/tensor.json     float32 tensors after rescaling and normalising, as base64, for two of the images
"""
import base64
import gzip
import hashlib
import io
import json
import pathlib
import struct

import numpy as np
from PIL import Image

out = pathlib.Path(__file__).resolve().parent / "pixels"
out.mkdir(exist_ok=True)
for old in out.iterdir():
    old.unlink()

FILTERS = {"lanczos": 1, "bilinear": 2, "bicubic": 3, "box": 4, "hamming": 5, "nearest": 0}
MEAN = np.array([0.48145466, 0.4578275, 0.40821073], dtype=np.float32)
STD = np.array([0.26862954, 0.26130258, 0.27577711], dtype=np.float32)


def picture(seed, width, height, channels=3, noise=0.15):
    """Smooth waves with noise and hard edges: overshoot, clipping and rounding all happen."""
    g = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    planes = []
    for _ in range(channels):
        fx, fy, phase = g.uniform(0.5, 4), g.uniform(0.5, 4), g.uniform(0, 6.28)
        plane = 0.5 + 0.5 * np.sin(fx * x / max(width, 1) * 6.28 + fy * y / max(height, 1) * 6.28 + phase)
        plane += noise * g.standard_normal((height, width))
        x0, y0 = int(width * g.uniform(0, 0.6)), int(height * g.uniform(0, 0.6))
        plane[y0:y0 + height // 3 + 1, x0:x0 + width // 3 + 1] = g.integers(0, 2)
        planes.append(plane)
    array = np.clip(np.stack(planes, -1) * 255, 0, 255).astype(np.uint8)
    return array[..., 0] if channels == 1 else array


def save(name, image, **options):
    image.save(out / name, **options)


def rgb(seed, w, h, **k):
    return Image.fromarray(picture(seed, w, h, 3, **k), "RGB")


def grey(seed, w, h, **k):
    return Image.fromarray(picture(seed, w, h, 1, **k), "L")


# JPEG
save("jpeg-444.jpg", rgb(1, 300, 200), quality=92, subsampling=0)
save("jpeg-422.jpg", rgb(2, 301, 199), quality=85, subsampling=1)
save("jpeg-420.jpg", rgb(3, 257, 331), quality=75, subsampling=2)
save("jpeg-420-odd.jpg", rgb(4, 67, 45), quality=60, subsampling=2)
save("jpeg-progressive.jpg", rgb(5, 240, 320), quality=80, progressive=True)
save("jpeg-grey.jpg", grey(6, 280, 210), quality=85)
save("jpeg-grey-progressive.jpg", grey(7, 131, 277), quality=70, progressive=True)
save("jpeg-lowquality.jpg", rgb(8, 320, 240), quality=10)
save("jpeg-cmyk.jpg", Image.fromarray(picture(9, 180, 140, 4), "CMYK"), quality=90)
exif = Image.Exif()
exif[0x0112] = 6
save("jpeg-exif6.jpg", rgb(10, 220, 130), quality=88, exif=exif)
save("jpeg-large.jpg", rgb(11, 1600, 1200, noise=0.02), quality=35)
save("jpeg-panorama.jpg", rgb(12, 900, 60), quality=80)
save("jpeg-tiny.jpg", rgb(13, 5, 7), quality=90)
save("jpeg-1x1.jpg", rgb(14, 1, 1), quality=90)
save("jpeg-optimised.jpg", rgb(15, 224, 224), quality=77, optimize=True)
# The same CMYK samples without their Adobe marker: PIL inverts all the same.
cmyk = (out / "jpeg-cmyk.jpg").read_bytes()
at = cmyk.index(b"\xff\xee")
length = struct.unpack(">H", cmyk[at + 2:at + 4])[0]
(out / "jpeg-cmyk-plain.jpg").write_bytes(cmyk[:at] + cmyk[at + 2 + length:])
# An ICC profile is ignored: the pixels are those of the same image without one.
save("jpeg-icc.jpg", rgb(16, 150, 120), quality=85, icc_profile=b"\0" * 128)

# PNG
save("png-rgb.png", rgb(20, 260, 180, noise=0.03))
save("png-rgb-odd.png", rgb(21, 33, 71))
save("png-grey.png", grey(22, 190, 240, noise=0.03))
save("png-rgba.png", Image.fromarray(picture(23, 150, 110, 4), "RGBA"))
save("png-la.png", Image.fromarray(picture(24, 140, 90, 2), "LA"))
save("png-palette.png", rgb(25, 200, 150).quantize(64))
save("png-palette-16.png", rgb(26, 120, 130).quantize(16), bits=4)
transparent = rgb(27, 160, 120).quantize(32)
save("png-palette-trns-one.png", transparent, transparency=3)
save("png-palette-trns-table.png", transparent, transparency=bytes(range(0, 256, 8)))
save("png-grey-1bit.png", grey(28, 99, 101).convert("1"))
save("png-grey-2bit.png", Image.fromarray(picture(29, 60, 80, 1) // 64, "L").quantize(4), bits=2)
wide = (np.random.default_rng(30).integers(0, 600, (90, 120))).astype(np.uint16)
save("png-grey-16.png", Image.fromarray(wide.astype(np.int32), "I"))
save("png-interlaced-like.png", rgb(31, 77, 77), optimize=True)
save("png-1xn.png", rgb(32, 1, 97))
save("png-nx1.png", rgb(33, 113, 1))
save("png-2x2.png", rgb(34, 2, 2))
save("png-upscale.png", rgb(35, 20, 30))
save("png-same.png", rgb(36, 224, 224, noise=0.01))
save("png-same-width.png", rgb(37, 64, 150))
save("png-edge-64x65.png", rgb(38, 64, 65))
save("png-edge-65x64.png", rgb(39, 65, 64))
save("png-grey-trns.png", grey(40, 70, 50), transparency=17)
save("png-rgb-trns.png", rgb(41, 70, 50), transparency=(1, 2, 3))
save("png-constant.png", Image.new("RGB", (123, 77), (10, 128, 250)))
save("png-checker.png", Image.fromarray((np.indices((200, 150)).sum(0) % 2 * 255).astype(np.uint8), "L"))


def wide_png(name, colour, array):
    """16-bit colour PNG, which PIL cannot write: one unfiltered IDAT."""
    import zlib
    h, w = array.shape[:2]
    raw = b"".join(b"\0" + row.astype(">u2").tobytes() for row in array)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    (out / name).write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, 16, colour, 0, 0, 0))
                             + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))


g16 = np.random.default_rng(42)
wide_png("png-rgb-16.png", 2, g16.integers(0, 65536, (40, 50, 3)))
wide_png("png-rgba-16.png", 6, g16.integers(0, 65536, (40, 50, 4)))
wide_png("png-la-16.png", 4, g16.integers(0, 65536, (40, 50, 2)))

# WebP
save("webp-lossy.webp", rgb(50, 240, 180), quality=80)
save("webp-lossy-odd.webp", rgb(51, 101, 67), quality=50)
save("webp-lossless.webp", rgb(52, 130, 110, noise=0.03), lossless=True)
save("webp-alpha.webp", Image.fromarray(picture(53, 120, 90, 4), "RGBA"), quality=70)
save("webp-alpha-lossless.webp", Image.fromarray(picture(54, 90, 70, 4), "RGBA"), lossless=True, exact=True)

# Others
save("gif-palette.gif", rgb(60, 90, 60).quantize(128))
frames = [rgb(61 + i, 50, 40).quantize(32) for i in range(3)]
frames[0].save(out / "gif-animated.gif", save_all=True, append_images=frames[1:], duration=80)
save("tiff-rgb.tif", rgb(64, 70, 55), compression="tiff_lzw")
save("tiff-grey.tif", grey(65, 61, 47))


def shortest(size, edge):
    width, height = size
    short, long = min(size), max(size)
    scaled = int(edge * long / short)
    return (edge, scaled) if width <= height else (scaled, edge)


def centre_crop(image, edge):
    """transformers' center_crop: start (size - edge) // 2."""
    left, top = (image.size[0] - edge) // 2, (image.size[1] - edge) // 2
    return image.crop((left, top, left + edge, top + edge))


def expected(image, resize, edge, name):
    if resize == "none":
        return image
    if resize == "squash":
        return image.resize((edge, edge), FILTERS[name])
    return centre_crop(image.resize(shortest(image.size, edge), FILTERS[name]), edge)


entries, tensors = [], []
for path in sorted(out.iterdir()):
    opened = Image.open(path)
    mode = opened.mode
    image = opened.convert("RGB")
    wanted = [("none", 0, "bicubic"), ("crop", 224, "bicubic"), ("squash", 224, "bicubic"), ("crop", 64, "bicubic"), ("squash", 64, "bilinear")]
    if path.name in ("png-rgb.png", "png-grey.png", "png-upscale.png", "jpeg-large.jpg", "png-1xn.png"):
        wanted += [(r, 48, f) for r in ("crop", "squash") for f in FILTERS]
    cases = []
    for resize, edge, name in wanted:
        data = expected(image, resize, edge, name).tobytes()
        case = {"resize": resize, "edge": edge, "filter": FILTERS[name], "sha256": hashlib.sha256(data).hexdigest()}
        if resize == "none":
            case["width"], case["height"] = image.size
        if edge == 64 and not path.name.startswith("png-"):
            case["gz"] = base64.b64encode(gzip.compress(data, 9, mtime=0)).decode()
        cases.append(case)
    entries.append({"file": path.name, "mode": mode, "cases": cases})
    if path.name in ("jpeg-420.jpg", "png-grey.png"):
        pixels = np.asarray(expected(image, "crop", 48, "bicubic"))
        rescaled = (pixels.astype(np.float64) * (1 / 255)).astype(np.float32)
        tensor = ((rescaled - MEAN) / STD).astype(np.float32).transpose(2, 0, 1)
        tensors.append({"file": path.name, "edge": 48, "values": base64.b64encode(gzip.compress(tensor.tobytes(), 9, mtime=0)).decode()})

(out / "expected.json").write_text(json.dumps(entries, indent=0) + "\n")
(out / "tensor.json").write_text(json.dumps(tensors, indent=0) + "\n")
print(len(entries), "images", sum(p.stat().st_size for p in out.iterdir()), "bytes", Image.__version__)
