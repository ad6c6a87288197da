"""Builds ONNX graphs node by node, with weights in an external-data file that several graphs share.

Written out instead of traced: the names, the dynamic axes, the cache and ONNX Runtime's own operators are part of the
contract with the runtime, and the exporter of PyTorch 1.13 knows neither those operators nor shared weight files.
"""
import os

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET, IR = 17, 8
ALIGNMENT = 64


class Weights:
    """One external-data file, `name` beside the graphs; each array is stored once whatever number of graphs use it."""

    def __init__(self, name, half):
        self.name, self.half, self.octets, self.places = name, half, bytearray(), {}

    def tensor(self, key, array):
        array = np.ascontiguousarray(array, np.float16 if self.half else np.float32)
        if key not in self.places:
            self.octets += bytes(-len(self.octets) % ALIGNMENT)
            self.places[key] = (len(self.octets), array.shape, array.tobytes())
            self.octets += array.tobytes()
        offset, shape, octets = self.places[key]
        if shape != array.shape or octets != array.tobytes():
            raise ValueError(f"two different arrays are called {key}")
        tensor = TensorProto(name=key, dims=array.shape, data_type=TensorProto.FLOAT16 if self.half else TensorProto.FLOAT,
                             data_location=TensorProto.EXTERNAL)
        for field, value in (("location", self.name), ("offset", offset), ("length", len(octets))):
            tensor.external_data.add(key=field, value=str(value))
        return tensor

    def save(self, folder):
        with open(os.path.join(folder, self.name), "wb") as f:
            f.write(self.octets)


class Builder:
    """One graph. Floating-point values inside have the weights' type; those at the border are float32 unless said otherwise."""

    def __init__(self, weights):
        self.weights, self.half = weights, weights.half
        self.float = TensorProto.FLOAT16 if weights.half else TensorProto.FLOAT
        self.nodes, self.initializers, self.inputs, self.outputs, self.domains = [], {}, [], [], set()

    def op(self, kind, *inputs, outputs=1, domain="", **attributes):
        names = [f"{kind.lower()}_{len(self.nodes)}" + (f"_{i}" if outputs > 1 else "") for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, domain=domain, **attributes))
        self.domains.add(domain)
        return names[0] if outputs == 1 else names

    def _constant(self, array):
        name = f"{array.dtype.name}_{'_'.join(map(str, array.ravel().tolist()))}_{array.ndim}"
        self.initializers.setdefault(name, numpy_helper.from_array(array, name))
        return name

    def ints(self, *values):
        return self._constant(np.array(values, np.int64))

    def int(self, value):
        return self._constant(np.array(value, np.int64))

    def number(self, value, wide=False):
        """A scalar of the inner type, or float32 where `wide`."""
        return self._constant(np.array(value, np.float16 if self.half and not wide else np.float32))

    def inline(self, name, array):
        self.initializers.setdefault(name, numpy_helper.from_array(array, name))
        return name

    def weight(self, key, array):
        if key not in self.initializers:
            self.initializers[key] = self.weights.tensor(key, array)
        return key

    def widen(self, x):
        return self.op("Cast", x, to=TensorProto.FLOAT) if self.half else x

    def narrow(self, x):
        return self.op("Cast", x, to=TensorProto.FLOAT16) if self.half else x

    def input(self, name, kind, shape):
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def input_float(self, name, shape):
        """A float32 input, as the inner type."""
        return self.narrow(self.input(name, TensorProto.FLOAT, shape))

    def output(self, name, value, kind, shape):
        self.nodes.append(helper.make_node("Identity", [value], [name]))
        self.outputs.append(helper.make_tensor_value_info(name, kind, shape))

    def output_float(self, name, value, shape):
        self.output(name, self.widen(value), TensorProto.FLOAT, shape)

    def save(self, path):
        graph = helper.make_graph(self.nodes, os.path.splitext(os.path.basename(path))[0], self.inputs, self.outputs,
                                  list(self.initializers.values()))
        opsets = [helper.make_opsetid("", OPSET)] + [helper.make_opsetid(d, 1) for d in sorted(self.domains - {""})]
        model = helper.make_model(graph, opset_imports=opsets, producer_name="orchestrator-samples", ir_version=IR)
        onnx.save(model, path)
        if self.domains == {""}:
            onnx.checker.check_model(path)
