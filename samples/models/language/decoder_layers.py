"""llama.py's layers as ONNX nodes. Names of values: x [B,S,D]; q [B,H,S,d]; k, v [B,K,T,d] with T = P + S."""
import numpy as np
from onnx import TensorProto

from llama import rotary_table

HALF_MASK = -30000.0


def array(parameter):
    return parameter.detach().float().cpu().numpy()


def linear(b, x, key, layer):
    y = b.op("MatMul", x, b.weight(key + ".weight", array(layer.weight).T))
    return y if layer.bias is None else b.op("Add", y, b.weight(key + ".bias", array(layer.bias)))


def rms_norm(b, x, key, norm):
    """In float32 whatever the inner type: the squares of a half overflow."""
    x = b.widen(x)
    mean = b.op("ReduceMean", b.op("Mul", x, x), axes=[-1], keepdims=1)
    x = b.op("Div", x, b.op("Sqrt", b.op("Add", mean, b.number(norm.epsilon, wide=True))))
    return b.op("Mul", b.narrow(x), b.weight(key + ".weight", array(norm.weight)))


def rotary(b, position_ids, shape):
    """(cos, sin) [B,1,S,d/2]; the angles in float32, since a half cannot hold the positions."""
    frequencies = b.inline("rotary_frequencies", (shape.theta ** (-np.arange(0, shape.head, 2, dtype=np.float64) / shape.head)).astype(np.float32))
    places = b.op("Cast", b.op("Unsqueeze", position_ids, b.ints(1, 3)), to=TensorProto.FLOAT)
    angle = b.op("Mul", places, frequencies)
    return b.narrow(b.op("Cos", angle)), b.narrow(b.op("Sin", angle))


def rotate(b, x, table, shape):
    cos, sin = table
    half = shape.head // 2
    x1, x2 = b.op("Split", x, b.ints(half, half), outputs=2, axis=3)
    first = b.op("Sub", b.op("Mul", x1, cos), b.op("Mul", x2, sin))
    second = b.op("Add", b.op("Mul", x2, cos), b.op("Mul", x1, sin))
    return b.op("Concat", first, second, axis=3)


def heads(b, x, count, width):
    return b.op("Transpose", b.op("Reshape", x, b.ints(0, 0, count, width)), perm=[0, 2, 1, 3])


def attention(b, q, k, v, bias, shape):
    """q [B,H,S,d] against k, v [B,K,T,d]. The H/K query heads of a key head are laid one after another along S, so that
    keys and values are never repeated."""
    q = b.op("Reshape", q, b.ints(0, shape.kv_heads, -1, shape.head))
    q = b.op("Mul", q, b.number(shape.head ** -0.5))
    score = b.op("MatMul", q, b.op("Transpose", k, perm=[0, 1, 3, 2]))
    score = b.op("Add", b.op("Reshape", score, b.ints(0, shape.heads, -1, 0)), bias)
    share = b.op("Reshape", b.op("Softmax", score, axis=3), b.ints(0, shape.kv_heads, -1, 0))
    mixed = b.op("Reshape", b.op("MatMul", share, v), b.ints(0, shape.heads, -1, shape.head))
    return b.op("Reshape", b.op("Transpose", mixed, perm=[0, 2, 1, 3]), b.ints(0, 0, shape.width))


def feed_forward(b, x, key, block):
    h = rms_norm(b, x, key + ".mlp_norm", block.mlp_norm)
    gate = linear(b, h, key + ".gate", block.gate)
    gate = b.op("Mul", gate, b.op("Sigmoid", gate))
    return b.op("Add", x, linear(b, b.op("Mul", gate, linear(b, h, key + ".up", block.up)), key + ".down", block.down))


def past_inputs(b, i, shape):
    dims = ["batch", shape.kv_heads, "past", shape.head]
    return [b.input(f"past_key_values.{i}.{part}", b.float, dims) for part in ("key", "value")]


def present_outputs(b, i, k, v, shape):
    for part, value in (("key", k), ("value", v)):
        b.output(f"present.{i}.{part}", value, b.float, ["batch", shape.kv_heads, "total", shape.head])


def decoder_block(b, x, key, block, table, bias, i, beside=None):
    """One layer with its cache as past_key_values.{i}.* and present.{i}.*."""
    shape = block.shape
    past_k, past_v = past_inputs(b, i, shape)
    h = rms_norm(b, x, key + ".attention_norm", block.attention_norm)
    if beside is not None:
        h = b.op("Concat", beside, h, axis=2)
    q = rotate(b, heads(b, linear(b, h, key + ".q", block.q), shape.heads, shape.head), table, shape)
    k = rotate(b, heads(b, linear(b, h, key + ".k", block.k), shape.kv_heads, shape.head), table, shape)
    v = heads(b, linear(b, h, key + ".v", block.v), shape.kv_heads, shape.head)
    k, v = b.op("Concat", past_k, k, axis=2), b.op("Concat", past_v, v, axis=2)
    present_outputs(b, i, k, v, shape)
    x = b.op("Add", x, linear(b, attention(b, q, k, v, bias, shape), key + ".o", block.o))
    return feed_forward(b, x, key, block)


def fused_block(b, x, key, block, position_ids, lengths, i):
    """As decoder_block, with com.microsoft RotaryEmbedding and GroupQueryAttention. lengths: (keys per row - 1, total)."""
    shape = block.shape
    cos, sin = (t[0, 0].numpy() for t in rotary_table(_positions(shape), shape))
    tables = [b.weight("rotary.cos", cos), b.weight("rotary.sin", sin)]
    past_k, past_v = past_inputs(b, i, shape)
    h = rms_norm(b, x, key + ".attention_norm", block.attention_norm)
    q, k = (b.op("RotaryEmbedding", linear(b, h, f"{key}.{name}", getattr(block, name)), position_ids, *tables,
                 domain="com.microsoft", interleaved=0, num_heads=count)
            for name, count in (("q", shape.heads), ("k", shape.kv_heads)))
    v = linear(b, h, key + ".v", block.v)
    mixed, k, v = b.op("GroupQueryAttention", q, k, v, past_k, past_v, *lengths, outputs=3, domain="com.microsoft",
                       num_heads=shape.heads, kv_num_heads=shape.kv_heads, scale=shape.head ** -0.5)
    present_outputs(b, i, k, v, shape)
    x = b.op("Add", x, linear(b, mixed, key + ".o", block.o))
    return feed_forward(b, x, key, block)


def _positions(shape):
    import torch
    return torch.arange(shape.context)[None]


def embedding(b, key, ids, table):
    return b.op("Gather", b.weight(key, array(table)), ids, axis=0)


def read_out(b, h, key, table):
    """h times the embedding table: [..., D] -> [..., V]."""
    return b.op("MatMul", h, b.op("Transpose", b.weight(key, array(table)), perm=[1, 0]))


def tree_bias(b):
    """The input attention_bias. A half holds no -1e9, so the fp16 graph raises what lies below -30000 to that."""
    bias = b.input("attention_bias", TensorProto.FLOAT, ["batch", 1, "sequence", "total"])
    return b.narrow(b.op("Max", bias, b.number(HALF_MASK, wide=True))) if b.half else bias


def causal_bias(b, ids, attention_mask):
    """The causal mask over keys that attention_mask allows, made in the graph: [B,1,S,T]."""
    total = b.op("Gather", b.op("Shape", attention_mask), b.int(1))
    length = b.op("Gather", b.op("Shape", ids), b.int(1))
    keys = b.op("Range", b.int(0), total, b.int(1))
    queries = b.op("Unsqueeze", b.op("Range", b.op("Sub", total, length), total, b.int(1)), b.ints(1))
    allowed = b.op("Unsqueeze", b.op("Cast", attention_mask, to=TensorProto.BOOL), b.ints(1, 2))
    allowed = b.op("And", b.op("LessOrEqual", keys, queries), allowed)
    return b.op("Where", allowed, b.number(0.0), b.number(HALF_MASK if b.half else -1e9))
