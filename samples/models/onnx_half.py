"""Half-precision copy of an ONNX graph: weights and arithmetic in float16, inputs and outputs float32 unless told otherwise."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def _halved(tensor):
    if tensor.data_type != TensorProto.FLOAT:
        return tensor
    values = numpy_helper.to_array(tensor)
    # Constants beyond the half range (a mask of -1e9, say) become its ends instead of infinities.
    limit = np.finfo(np.float16).max
    return numpy_helper.from_array(np.clip(values, -limit, limit).astype(np.float16), tensor.name)


def to_half(model, half_border=()):
    """Inputs and outputs whose names begin with one of `half_border` (kept keys and values, say) are float16 themselves."""
    half = onnx.ModelProto()
    half.CopyFrom(model)
    graph = half.graph
    for tensor in graph.initializer:
        tensor.CopyFrom(_halved(tensor))
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.TENSOR:
                attribute.t.CopyFrom(_halved(attribute.t))
            if node.op_type == "Cast" and attribute.name == "to" and attribute.i == TensorProto.FLOAT:
                attribute.i = TensorProto.FLOAT16
    del graph.value_info[:]

    first, last = [], []
    for value in graph.input:
        if value.name.startswith(half_border or "\0"):
            value.type.tensor_type.elem_type = TensorProto.FLOAT16
        elif value.type.tensor_type.elem_type == TensorProto.FLOAT:
            inner = value.name + "_half"
            for node in graph.node:
                node.input[:] = [inner if name == value.name else name for name in node.input]
            first.append(helper.make_node("Cast", [value.name], [inner], to=TensorProto.FLOAT16, name=inner))
    for value in graph.output:
        if value.name.startswith(half_border or "\0"):
            value.type.tensor_type.elem_type = TensorProto.FLOAT16
        elif value.type.tensor_type.elem_type == TensorProto.FLOAT:
            inner = value.name + "_half"
            for node in graph.node:
                node.output[:] = [inner if name == value.name else name for name in node.output]
                node.input[:] = [inner if name == value.name else name for name in node.input]
            last.append(helper.make_node("Cast", [inner], [value.name], to=TensorProto.FLOAT, name=inner))
    nodes = [*first, *graph.node, *last]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(half, full_check=True)
    return half
