"""The definition of a garment's colour histogram, for its NumPy and its torch implementation.

The NumPy one (`engine.labels.photo_colour`) names the colours of single photos and is a baseline of
evaluation; the torch one (`engine.encoders.colour_histogram`) is an input of the appearance model.
A test compares the two. The rows of trained models depend on these constants.

- Background: the pixels within `BACKGROUND_DISTANCE` of the frame's median colour (each of L, a
  and b by itself, the lower median of two) that are connected to the frame through such pixels,
  diagonals included. The rest is the garment; if it covers less than `MIN_GARMENT_SHARE` of the
  photo (white on white, or nothing at all), all of the photo counts.
- Weights: a Gaussian around the photo's centre, as heads and legs of models are near the edge.
- Histogram: each pixel's weight is shared among the 2 x 2 x 2 nearest bins, linearly in each of L,
  a and b; a row is the square roots of the bins' shares, so that the dot product of two rows is the
  Bhattacharyya coefficient of the histograms.
"""

BACKGROUND_DISTANCE = 6.0  # CIE76 distance, below which a pixel may be background
MIN_GARMENT_SHARE = 0.02  # of the photo's pixels
CENTRE_SPREAD = 0.3  # standard deviation of the weights, in shares of the photo's edge

# Number of bins on L, a and b; their centres are evenly spaced from the lowest to the highest.
COUNTS = (8, 11, 11)
LOWEST, HIGHEST = (0.0, -60.0, -60.0), (100.0, 60.0, 60.0)
BINS = COUNTS[0] * COUNTS[1] * COUNTS[2]

# Linear sRGB to XYZ (IEC 61966-2-1), each row divided by the D65 white, so that white is (1, 1, 1).
SRGB_TO_XYZ = (
    (0.4124564 / 0.95047, 0.3575761 / 0.95047, 0.1804375 / 0.95047),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339 / 1.08883, 0.1191920 / 1.08883, 0.9503041 / 1.08883),
)
SRGB_LINEAR = 0.04045  # sRGB values up to this are linear
LAB_LINEAR, LAB_SLOPE = 216 / 24389, 24389 / 27  # XYZ values up to this one are linear, CIE 15
