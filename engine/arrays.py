"""Array types by their element: `Float32` is an array of float32 of any shape."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Float16: TypeAlias = NDArray[np.float16]
Float32: TypeAlias = NDArray[np.float32]
Float64: TypeAlias = NDArray[np.float64]
Int32: TypeAlias = NDArray[np.int32]
Int64: TypeAlias = NDArray[np.int64]
UInt8: TypeAlias = NDArray[np.uint8]
UInt16: TypeAlias = NDArray[np.uint16]
Bool: TypeAlias = NDArray[np.bool_]
Strings: TypeAlias = NDArray[np.object_]
"""Product ids, words: Python strings (or None) in an object array."""
