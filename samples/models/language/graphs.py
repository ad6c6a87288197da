"""The graphs of every model folder: which inputs they take, which outputs they give. Shapes are in the folders' README."""
from onnx import TensorProto

from decoder_layers import causal_bias, decoder_block, embedding, fused_block, linear, read_out, rms_norm, rotary, tree_bias
from llama import FEATURES
from onnx_builder import Builder

TOKENS, SEEN = ["batch", "sequence"], ["batch", "total"]


def _state(width):
    return ["batch", "sequence", width]


def tree(weights, model, exits=(), features=(), layers=None):
    """The decoder with a free attention bias. `layers` below the model's own stops there: an early-exit decoder."""
    b, shape = Builder(weights), model.shape
    ids = b.input("input_ids", TensorProto.INT64, TOKENS)
    table = rotary(b, b.input("position_ids", TensorProto.INT64, TOKENS), shape)
    bias = tree_bias(b)
    x = embedding(b, "embed.weight", ids, model.embed.weight)
    for i, block in enumerate(model.blocks[:layers]):
        x = decoder_block(b, x, f"blocks.{i}", block, table, bias, i)
        if i + 1 in features:
            b.output_float(f"hidden_states.{i + 1}", x, _state(shape.width))
        if i + 1 in exits:
            early = rms_norm(b, x, "norm", model.norm)
            b.output_float(f"early_exit.{i + 1}.logits", read_out(b, early, "embed.weight", model.embed.weight), _state(shape.vocab))
    h = rms_norm(b, x, "norm", model.norm)
    b.output_float("hidden_states", h, _state(shape.width))
    b.output_float("logits", read_out(b, h, "embed.weight", model.embed.weight), _state(shape.vocab))
    return b


def _optimum(b):
    ids = b.input("input_ids", TensorProto.INT64, TOKENS)
    mask = b.input("attention_mask", TensorProto.INT64, SEEN)
    return ids, mask, b.input("position_ids", TensorProto.INT64, TOKENS)


def plain(weights, model):
    """The decoder as Optimum exports it: the causal mask is made inside."""
    b, shape = Builder(weights), model.shape
    ids, mask, positions = _optimum(b)
    table, bias = rotary(b, positions, shape), causal_bias(b, ids, mask)
    x = embedding(b, "embed.weight", ids, model.embed.weight)
    for i, block in enumerate(model.blocks):
        x = decoder_block(b, x, f"blocks.{i}", block, table, bias, i)
    h = rms_norm(b, x, "norm", model.norm)
    b.output_float("logits", read_out(b, h, "embed.weight", model.embed.weight), _state(shape.vocab))
    return b


def fused(weights, model):
    """`plain` with com.microsoft GroupQueryAttention, which runs flash attention where the device has it."""
    b, shape = Builder(weights), model.shape
    ids, mask, positions = _optimum(b)
    seen = b.op("Sub", b.op("ReduceSum", mask, b.ints(1), keepdims=0), b.int(1))
    total = b.op("Gather", b.op("Shape", mask), b.int(1))
    lengths = [b.op("Cast", x, to=TensorProto.INT32) for x in (seen, total)]
    x = embedding(b, "embed.weight", ids, model.embed.weight)
    for i, block in enumerate(model.blocks):
        x = fused_block(b, x, f"blocks.{i}", block, positions, lengths, i)
    h = rms_norm(b, x, "norm", model.norm)
    b.output_float("logits", read_out(b, h, "embed.weight", model.embed.weight), _state(shape.vocab))
    return b


def _heads(weights, table, states):
    """states(b, h): one state for each head."""
    b, width = Builder(weights), table.shape[1]
    h = b.input_float("hidden_states", _state(width))
    parts = [b.op("Unsqueeze", x, b.ints(0)) for x in states(b, h)]
    logits = read_out(b, b.op("Concat", *parts, axis=0), "embed.weight", table)
    b.output_float("medusa_logits", logits, [len(parts), *_state(table.shape[0])])
    return b


def medusa(weights, heads, table):
    def states(b, h):
        for k, block in enumerate(heads.blocks):
            x = linear(b, h, f"blocks.{k}", block)
            yield b.op("Add", h, b.op("Mul", x, b.op("Sigmoid", x)))
    return _heads(weights, table, states)


def parallel(weights, heads, table):
    def states(b, h):
        for k, (norm, gate, up, down) in enumerate(zip(heads.norms, heads.gates, heads.ups, heads.downs)):
            x = rms_norm(b, h, f"norms.{k}", norm)
            opened = linear(b, x, f"gates.{k}", gate)
            x = b.op("Mul", b.op("Mul", opened, b.op("Sigmoid", opened)), linear(b, x, f"ups.{k}", up))
            yield b.op("Add", h, linear(b, x, f"downs.{k}", down))
    return _heads(weights, table, states)


def _module(weights, table):
    b = Builder(weights)
    ids = b.input("input_ids", TensorProto.INT64, TOKENS)
    h = b.input_float("hidden_states", _state(table.shape[1]))
    positions = b.input("position_ids", TensorProto.INT64, TOKENS)
    return b, h, embedding(b, "embed.weight", ids, table), positions, tree_bias(b)


def _module_outputs(b, read, h, table):
    b.output_float("hidden_states_out", h, _state(table.shape[1]))
    b.output_float("logits", read_out(b, read, "embed.weight", table), _state(table.shape[0]))
    return b


def eagle(weights, module, table):
    b, h, embedded, positions, bias = _module(weights, table)
    x = linear(b, b.op("Concat", embedded, h, axis=2), "join", module.join)
    x = decoder_block(b, x, "block", module.block, rotary(b, positions, module.shape), bias, 0)
    return _module_outputs(b, x, x, table)


def eagle3(weights, module, table):
    b, h, embedded, positions, bias = _module(weights, table)
    beside = rms_norm(b, embedded, "embedding_norm", module.embedding_norm)
    x = decoder_block(b, h, "block", module.block, rotary(b, positions, module.shape), bias, 0, beside)
    return _module_outputs(b, rms_norm(b, x, "norm", module.norm), x, table)


def fuse(weights, module):
    b, width = Builder(weights), module.shape.width
    h = b.input_float("hidden_states", _state(len(FEATURES) * width))
    b.output_float("fused_hidden_states", linear(b, h, "fuse", module.fuse), _state(width))
    return b


def mtp(weights, module, table):
    b, h, embedded, positions, bias = _module(weights, table)
    h = rms_norm(b, h, "hidden_norm", module.hidden_norm)
    embedded = rms_norm(b, embedded, "embedding_norm", module.embedding_norm)
    x = linear(b, b.op("Concat", h, embedded, axis=2), "join", module.join)
    x = decoder_block(b, x, "block", module.block, rotary(b, positions, module.shape), bias, 0)
    x = rms_norm(b, x, "norm", module.norm)
    return _module_outputs(b, x, x, table)
