"""Writes a network of torch as ONNX."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import torch
from timm.layers.padding import pad_same_arg
from torch import Tensor, nn
from torch.nn import functional as F

OPSET = 17
LEAST_COSINE = 0.9999  # between the rows of both
PADDING = "pad_same"  # timm's function that pads as TensorFlow does
OUTPUT = "rows"


def export(network: nn.Module, example: Tensor, path: Path, given: str) -> None:
    """Write a network as ONNX, for inputs like an example ``(N, ...)``, and for any N.

    Args:
        network: computes `OUTPUT`.
        example: of its input.
        path: the file.
        given: the name of its input.
    """
    # The fused attention of eval mode has no ONNX form; the plain one gives the same rows.
    torch.backends.mha.set_fastpath_enabled(False)
    with warnings.catch_warnings(), torch.no_grad(), fixed_padding():
        warnings.simplefilter("ignore")  # of the tracer, about loops over fixed sizes
        torch.onnx.export(
            network,
            (example,),
            str(path),
            input_names=[given],
            output_names=[OUTPUT],
            dynamic_axes={given: {0: "count"}, OUTPUT: {0: "count"}},
            opset_version=OPSET,
            dynamo=False,  # the newer exporter takes ten times as long
        )


@contextmanager
def fixed_padding() -> Iterator[None]:
    """Trace the padding of TensorFlow's towers as constants, not as computed from the shape."""
    module = import_module("timm.layers.conv2d_same")  # a function has the same name
    computed = getattr(module, PADDING)
    setattr(module, PADDING, pad_fixed)
    try:
        yield
    finally:
        setattr(module, PADDING, computed)


def pad_fixed(
    maps: Tensor, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> Tensor:
    """As `timm.layers.padding.pad_same`, for maps ``(N, C, H, W)`` whose H and W do not change."""
    edges = [int(edge) for edge in maps.shape[-2:]]
    return F.pad(maps, pad_same_arg(edges, list(kernel), list(stride), list(dilation)))
