from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from timm.layers import create_conv2d
from torch import nn

from engine.encoders.runtime.convert import INPUT
from engine.encoders.runtime.export import OPSET, export
from engine.encoders.runtime.simplify import join_padding, simplify


def run(path: Path, maps: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {INPUT: maps})[0]


def steps(path: Path) -> list[str]:
    return [node.op_type for node in onnx.load(path).graph.node]


def test_the_padding_of_tensorflow_towers_is_done_by_their_convolutions(tmp_path):
    torch.manual_seed(0)
    layers = [create_conv2d(3, 4, 3, stride=2, padding="same"), nn.ReLU6()]
    layers += [create_conv2d(4, 4, 5, stride=2, padding="same", depthwise=True)]
    tower = nn.Sequential(*layers).eval()
    maps = torch.rand(3, 3, 34, 34)
    path = tmp_path / "tower.onnx"
    export(tower, maps[:1], path, INPUT)
    assert "Pad" in steps(path)
    simplify(path)
    assert set(steps(path)) == {"Conv", "Clip"}
    with torch.no_grad():
        np.testing.assert_allclose(run(path, maps.numpy()), tower(maps).numpy(), atol=1e-5)


def padded(mode: str = "constant", value: float | None = None, both: bool = False, edges=None):
    """A network of a step that pads and a convolution; ``both``: another step reads the map too."""
    edges = [0, 0, 0, 1, 0, 0, 2, 1] if edges is None else edges
    weights = np.random.default_rng(0).normal(size=(2, 1, 3, 3)).astype(np.float32)
    constants = {"edges": np.array(edges), "weights": weights}
    inputs = [INPUT, "edges"]
    if value is not None:
        constants["value"] = np.array(value, dtype=np.float32)
        inputs.append("value")
    nodes = [helper.make_node("Pad", inputs, ["wide"], mode=mode)]
    nodes += [helper.make_node("Conv", ["wide", "weights"], ["found"], pads=[1, 0, 0, 0])]
    outputs = [helper.make_tensor_value_info("found", TensorProto.FLOAT, None)]
    if both:
        nodes.append(helper.make_node("Neg", ["wide"], ["other"]))
        outputs.append(helper.make_tensor_value_info("other", TensorProto.FLOAT, None))
    given = [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["n", 1, 6, 6])]
    stored = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "net", given, outputs, stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)


@pytest.mark.parametrize("value", [None, 0.0])
def test_padding_is_added_to_that_of_the_convolution(tmp_path, value):
    maps = np.random.default_rng(1).normal(size=(2, 1, 6, 6)).astype(np.float32)
    model = padded(value=value)
    onnx.save(model, tmp_path / "net.onnx")
    before = run(tmp_path / "net.onnx", maps)
    assert join_padding(model) == 1
    onnx.save(model, tmp_path / "net.onnx")
    assert steps(tmp_path / "net.onnx") == ["Conv"]
    assert [one.name for one in model.graph.initializer] == ["weights"]
    np.testing.assert_allclose(run(tmp_path / "net.onnx", maps), before, atol=1e-6)


@pytest.mark.parametrize(
    "model",
    [
        padded("reflect"),
        padded(value=1.0),
        padded(both=True),
        padded(edges=[0, 0, 0, -1, 0, 0, 2, 1]),
        padded(edges=[0, 1, 0, 0, 0, -1, 2, 1]),
    ],
    ids=["mirrored", "ones", "read by others", "cut", "channels"],
)
def test_other_padding_stays(model):
    before = model.SerializeToString()
    assert join_padding(model) == 0
    assert model.SerializeToString() == before
