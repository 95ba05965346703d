"""Encoders computed by other runtimes and in lower precision, for `tests.benchmarks.encode`."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnxruntime

from engine.arrays import Float32, UInt8
from engine.encoders.encoder import Encoder
from engine.encoders.runtime.onnx_encoder import CHUNK
from engine.encoders.runtime.store import MODEL_FILE, converted

Rows = Callable[[UInt8], Float32]
OPENVINO = "OpenVINO {}, network alone"
PRECISIONS = ("f32", "bf16")


def others(encoder: Encoder, models_dir: Path, threads: int) -> dict[str, Rows]:
    """Title -> what computes rows ``(N, D)`` of squares ``(N, S, S, 3)``, of the same network.

    OpenVINO is left out where it is not installed (``pip install '.[bench]'``).
    """
    model = converted(encoder.name, models_dir) / MODEL_FILE
    found: dict[str, Rows] = {}
    if find_spec("openvino"):
        for precision in PRECISIONS:
            found[OPENVINO.format(precision)] = by_openvino(model, precision, threads)
    found["ONNX Runtime int8, network alone"] = by_int8(model, threads)
    return found


def by_openvino(model: Path, precision: str, threads: int) -> Rows:
    """One stream a thread, as fits many photos."""
    import openvino

    options = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": threads}
    options |= {"NUM_STREAMS": threads, "PERFORMANCE_HINT": "THROUGHPUT"}
    compiled = openvino.Core().compile_model(str(model), "CPU", options)

    def rows(pixels: UInt8) -> Float32:
        chunks = [pixels[at : at + CHUNK] for at in range(0, len(pixels), CHUNK)]
        found: dict[int, Float32] = {}
        queue = openvino.AsyncInferQueue(compiled, threads)
        queue.set_callback(
            lambda request, at: found.__setitem__(at, request.get_output_tensor().data.copy())
        )
        for at, chunk in enumerate(chunks):
            queue.start_async({0: np.ascontiguousarray(chunk)}, at)
        queue.wait_all()
        return np.concatenate([found[at] for at in range(len(chunks))])

    return rows


def by_int8(model: Path, threads: int) -> Rows:
    """Weights of matrix products in 8 bits, their inputs too, at the time of computation."""
    from onnxruntime.quantization import quantize_dynamic

    small = model.with_name("int8.onnx")
    quantize_dynamic(model, small, op_types_to_quantize=["MatMul", "Gemm"])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(
        small.read_bytes(), options, providers=["CPUExecutionProvider"]
    )
    small.unlink()

    def rows(pixels: UInt8) -> Float32:
        chunks = [pixels[at : at + 2 * CHUNK] for at in range(0, len(pixels), 2 * CHUNK)]
        return np.concatenate([session.run(None, {"pixels": chunk})[0] for chunk in chunks])

    return rows
