"""Types of NumPy arrays by element; shapes are in the docstrings."""

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
UInt8 = NDArray[np.uint8]
UInt32 = NDArray[np.uint32]
