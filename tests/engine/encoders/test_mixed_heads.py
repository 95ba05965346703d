"""Mixed heads: shares of the cosine, word posteriors, and the round trip through files."""

import json

import pytest
import torch
from torch.nn import functional as F

from engine.encoders.checkpoint import FACETS_FILE, load_appearance, save_appearance
from engine.encoders.facet_heads import AppearanceConfig
from engine.encoders.mixed_heads import MixedShapeHead, Mixture, WordPosterior
from engine.encoders.towers import PREPROCESS
from engine.errors import CheckpointError
from tests.engine.training.tiny import VIT, clip_config, tiny_model

SHAPE = Mixture(
    {"labels": 0.2, "design": 0.5, "words": 0.3},
    {"labels": 8, "design": 6, "words": 3},
    ("boot", "dress", "shirt"),
)
COLOUR = Mixture({"tuned": 0.6, "words": 0.4}, {"tuned": 8, "words": 2}, ("red", "blue"))
MIXED = AppearanceConfig(
    dims={"shape": 5, "colour": 4, "pattern": 4},
    weights={"shape": 0.6, "colour": 0.3, "pattern": 0.1},
    taps=(0, 1, 2),
    attention_maps=2,
    hidden=16,
    photo_weights={"shape": 0.9, "colour": 0.1, "pattern": 0.0},
    mixtures={"shape": SHAPE, "colour": COLOUR},
)


def rows(*values: list[float]) -> torch.Tensor:
    return torch.tensor(values)


def test_the_cosine_of_joined_rows_is_the_mean_of_the_parts_by_share():
    mixture = Mixture({"a": 0.25, "b": 0.75}, {"a": 2, "b": 2})
    a, b = rows([3.0, 0.0], [0.0, 2.0]), rows([1.0, 0.0], [5.0, 0.0])
    joined = mixture.join({"a": a, "b": b})
    assert joined @ joined.T == pytest.approx(torch.tensor([[1.0, 0.75], [0.75, 1.0]]))


def test_a_word_posterior_has_unit_rows_and_the_roots_of_probabilities():
    part = WordPosterior(4, 3)
    posterior = part(torch.randn(5, 4)).detach()
    assert posterior.square().sum(1) == pytest.approx(torch.ones(5))
    assert (posterior >= 0).all()


def test_without_shortening_the_block_keeps_the_parts_cosines():
    head = MixedShapeHead(torch.nn.Linear(7, 8), SHAPE, 7, features=9, dim=SHAPE.width)
    with torch.no_grad():
        head.reduce.weight.copy_(torch.eye(SHAPE.width))
        features = torch.randn(6, 9)
        cosines = F.normalize(head(features), dim=1) @ F.normalize(head(features), dim=1).T
        parts = {
            name: F.normalize(part(features[:, : 7 if name == "labels" else 9]), dim=1)
            for name, part in head.parts.items()
        }
    expected = sum(SHAPE.shares[name] * (part @ part.T) for name, part in parts.items())
    assert cosines == pytest.approx(expected, abs=1e-5)


def test_a_mixed_model_comes_back_from_its_files(tmp_path):
    model = tiny_model(VIT, config=MIXED)
    save_appearance(tmp_path / "mixed", model, clip_config(VIT), PREPROCESS)
    again = load_appearance(f"local-dir:{tmp_path / 'mixed'}", tmp_path)
    assert again.config == MIXED
    assert again.config.layout().photo_weights == MIXED.photo_weights
    with torch.no_grad():
        photos = torch.randn(3, 3, 32, 32)
        blocks, expected = again(photos)[0], model(photos)[0]
    assert {name: block.shape[1] for name, block in blocks.items()} == dict(MIXED.dims)
    for name, block in blocks.items():
        assert torch.equal(block, expected[name])


def test_sizes_that_the_weights_do_not_have_are_refused_before_they_take_memory(tmp_path):
    folder = tmp_path / "mixed"
    save_appearance(folder, tiny_model(VIT, config=MIXED), clip_config(VIT), PREPROCESS)
    config = json.loads((folder / FACETS_FILE).read_text())
    config["mixtures"]["shape"]["dims"]["design"] = 10**12  # 250 terabytes
    (folder / FACETS_FILE).write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match=r"parts\.design\.weight should be \(1000000000000,"):
        load_appearance(f"local-dir:{folder}", tmp_path)


def test_a_posterior_has_a_word_for_each_number():
    with pytest.raises(ValueError, match="1 words for a part 'words' of 3 numbers"):
        Mixture({"words": 1.0}, {"words": 3}, ("boot",))


@pytest.mark.parametrize(
    ("shares", "dims"),
    [
        ({}, {}),
        ({"a": 1.0}, {"b": 2}),
        ({"a": 0.5, "b": 0.4}, {"a": 1, "b": 1}),
        ({"a": 1.2, "b": -0.2}, {"a": 1, "b": 1}),
    ],
)
def test_wrong_mixtures_are_refused(shares, dims):
    with pytest.raises(ValueError, match="shares"):
        Mixture(shares, dims)
