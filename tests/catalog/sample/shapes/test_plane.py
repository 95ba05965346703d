import math

import numpy as np
import pytest

from catalog.sample.shapes import plane


def area(points: np.ndarray) -> float:
    """The shoelace formula, corner by corner."""
    total = 0.0
    for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
        total += x0 * y1 - x1 * y0
    return abs(total) / 2


def test_corners_alone_are_kept_as_they_are():
    square = [(0, 0), (1, 0), (1, 1), (0, 1)]
    assert plane.outline(square).tolist() == [list(map(float, p)) for p in square]


def test_smooth_nodes_are_passed_through_and_rounded():
    circle = [
        (math.cos(t), math.sin(t), 1) for t in np.linspace(0, 2 * math.pi, 12, endpoint=False)
    ]
    points = plane.outline(circle)
    for x, y, _ in circle:
        assert np.hypot(points[:, 0] - x, points[:, 1] - y).min() < 1e-9
    assert area(points) == pytest.approx(math.pi, rel=0.02)


def test_an_open_line_ends_at_its_ends():
    line = plane.outline([(0, 0), (1, 2, 1), (3, 3)], closed=False)
    assert line[0].tolist() == [0, 0]
    assert line[-1].tolist() == [3, 3]


def test_symmetric_shapes_mirror_about_the_middle():
    shape = plane.symmetric((0, 0, 1), (1, 0.2), (0.8, 2, 1), (0, 2.2, 1))
    rounded = {tuple(p) for p in np.round(shape, 6).tolist()}
    mirrored = np.round(plane.flip(shape), 6).tolist()
    near = [min(math.dist(p, q) for q in rounded) for p in mirrored]
    assert max(near) < 0.06  # samples need not coincide, the curve must


def test_a_ribbon_has_the_given_width():
    line = np.array([[0.0, 0.0], [2.0, 0.0], [4.0, 0.0]])
    assert area(plane.ribbon(line, 0.5)) == pytest.approx(2.0)
    assert area(plane.ribbon(line, 0.5, 0.0)) == pytest.approx(1.0)


def test_disc_and_box_have_their_areas():
    assert area(plane.disc(3, 4, 2, 0.5, steps=400)) == pytest.approx(2 * math.pi, rel=1e-3)
    assert area(plane.box(0, 0, 2, 1)) == 2
    assert area(plane.box(0, 0, 2, 1, 0.2)) == pytest.approx(2 - (4 - math.pi) * 0.04, rel=5e-3)


def test_affine_maps_undo_each_other():
    matrix = np.array([[0.8, -0.6, 1.4], [0.6, 0.8, -0.2]])  # turns about (1, 2)
    points = np.array([[0.0, 0.0], [1.0, 2.0], [-3.0, 5.0]])
    there = plane.apply(matrix, points)
    assert np.allclose(there[1], [1, 2])
    assert np.allclose(plane.apply(plane.inverse(matrix), there), points)


def test_shifted_moves_every_point():
    assert plane.shifted(np.zeros((2, 2)), 1, -2).tolist() == [[1, -2], [1, -2]]
