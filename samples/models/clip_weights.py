"""Brings the weights of an exported demo CLIP back into PyTorch: to score with them here, or as a start for another model."""
import os

import onnx
import torch
from onnx import numpy_helper
from torch import nn


def load_towers(model, folder):
    """Both towers of `model` from the graphs of a model folder's `onnx`."""
    load_tower(model.vision, os.path.join(folder, "vision_model.onnx"))
    load_tower(model.text, os.path.join(folder, "text_model.onnx"))


def load_tower(tower, path):
    """Copies the graph at `path` into `tower`, which may have fewer attention layers and no projection. The exporter folds
    batch normalisation into the convolutions, so here the convolution takes the weight and the normalisation only the bias."""
    graph = onnx.load(path).graph
    values = {i.name: torch.from_numpy(numpy_helper.to_array(i).copy()) for i in graph.initializer}
    products = [values[node.input[1]] for node in graph.node if node.op_type == "MatMul" and node.input[1] in values]
    with torch.no_grad():
        if hasattr(tower, "stem"):
            _load_stem(tower.stem, graph, values, path)
        linear = [m for block in tower.blocks for m in
                  (block.attention.qkv, block.attention.out, block.mlp[0], block.mlp[2])]
        if isinstance(tower.projection, nn.Linear):
            linear.append(tower.projection)
            products = [*products[:len(linear) - 1], products[-1]]
        for layer, weight in zip(linear, products):
            layer.weight.copy_(weight.T)
        for name, parameter in tower.named_parameters():
            if name in values:
                parameter.copy_(values[name])


def _load_stem(stem, graph, values, path):
    convolutions = [[values[name] for name in node.input[1:3]] for node in graph.node if node.op_type == "Conv"]
    pairs = list(zip(*[[m for m in stem.modules() if isinstance(m, kind)] for kind in (nn.Conv2d, nn.BatchNorm2d)]))
    if len(pairs) != len(convolutions):
        raise ValueError(f"{path} has {len(convolutions)} convolutions, the tower {len(pairs)}: use the same stem")
    for (convolution, norm), (weight, bias) in zip(pairs, convolutions):
        convolution.weight.copy_(weight)
        norm.weight.fill_(1)
        norm.bias.copy_(bias)
        norm.running_mean.zero_()
        norm.running_var.fill_(1 - norm.eps)
