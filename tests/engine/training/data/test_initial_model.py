import open_clip.tokenizer
import pytest
import torch

from catalog.records import ProductRecord
from engine.encoders.appearance import AppearanceModel
from engine.encoders.checkpoint import load_appearance, save_appearance
from engine.encoders.tokens import tokenizer
from engine.encoders.towers import imagenet_weights
from engine.errors import CheckpointError, EncoderUnavailable, TrainingError
from engine.labels.labels import label_products
from engine.training.data.captions import caption_tokens
from engine.training.data.initial_model import (
    add_stochastic_depth,
    open_initial_model,
    parameter_groups,
    pick_taps,
    set_facet_weights,
)
from tests.engine.training.tiny import (
    CONV,
    LITE,
    RESNET,
    SWIN,
    TEXT,
    VIT,
    clip_config,
    tiny_clip,
    tiny_encoder,
    tiny_model,
)


def photos(side: int) -> torch.Tensor:
    return torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("vision", [VIT, CONV, RESNET], ids=["vit", "conv", "resnet"])
def test_any_tower_gets_facet_heads(tmp_path, vision):
    side = vision["image_size"]
    start = open_initial_model(tiny_encoder(tmp_path / "tiny", vision), tmp_path, 0, seed=0)
    assert isinstance(start.model, AppearanceModel)
    assert start.side == side and start.layout is None
    assert start.clip_config == clip_config(vision)
    blocks, embedding = start.model(photos(side))
    assert set(blocks) == {"shape", "colour", "pattern"}
    torch.testing.assert_close(
        embedding, tiny_clip(vision).encode_image(photos(side)), atol=1e-5, rtol=1e-4
    )
    save_appearance(tmp_path / "out", start.model, start.clip_config, start.preprocess)
    loaded = load_appearance(f"local-dir:{tmp_path / 'out'}", tmp_path)
    assert torch.equal(loaded.rows(photos(side)), start.model.eval().rows(photos(side)))


def test_a_convolutional_encoder_takes_another_side_and_keeps_it_afterwards(tmp_path):
    start = open_initial_model(tiny_encoder(tmp_path / "tiny", CONV), tmp_path, 48, seed=0)
    assert start.side == 48
    save_appearance(tmp_path / "out", start.model, start.clip_config, start.preprocess)
    again = open_initial_model(f"local-dir:{tmp_path / 'out'}", tmp_path, 0, seed=0)
    assert again.side == 48


def test_a_vit_keeps_its_side(tmp_path):
    start = open_initial_model(tiny_encoder(tmp_path / "tiny", VIT), tmp_path, 48, seed=0)
    assert start.side == 32
    assert start.clip_config["vision_cfg"]["image_size"] == 32


@pytest.fixture(scope="module")
def swin(tmp_path_factory):
    """A tower of windows, which takes photos of one side only."""
    return tiny_encoder(tmp_path_factory.mktemp("swin") / "swin", SWIN)


def test_a_side_that_the_tower_does_not_take_is_one_line(swin, tmp_path):
    start = open_initial_model(swin, tmp_path, 224, seed=0)
    assert start.side == 224 and start.with_use_side(0).use_side == 224
    message = r"SwinTransformer does not take photos of 96 pixels: .* Leave --side out: .* 224"
    with pytest.raises(TrainingError, match=message):
        open_initial_model(swin, tmp_path, 96, seed=0)
    with pytest.raises(TrainingError, match=r"of 320 pixels: .* Leave --use-side out"):
        start.with_use_side(320)


def test_a_side_too_small_for_the_heads_is_one_line(tmp_path):
    name = tiny_encoder(tmp_path / "tiny", CONV)
    with pytest.raises(TrainingError, match=r"of 3 pixels: .* Leave --side out"):
        open_initial_model(name, tmp_path, 3, seed=0)


def test_a_tower_that_refuses_its_own_side_is_one_line(tmp_path):
    """open_clip builds a Swin for 224 pixels, whatever its config says."""
    name = tiny_encoder(tmp_path / "swin", SWIN | {"image_size": 96})
    with pytest.raises(CheckpointError, match=r"No facets can be trained.*Swin.*Start from"):
        open_initial_model(name, tmp_path, 0, seed=0)


def test_a_trained_model_keeps_its_facets(tmp_path):
    model = tiny_model(CONV)
    set_facet_weights(model, {"shape": 0.2, "colour": 0.3, "pattern": 0.5})
    preprocess = {"mean": [0.5] * 3, "std": [0.5] * 3}
    save_appearance(tmp_path / "trained", model, clip_config(CONV), preprocess)
    start = open_initial_model(f"local-dir:{tmp_path / 'trained'}", tmp_path, 0, seed=0)
    assert torch.equal(start.model.rows(photos(32)), model.rows(photos(32)))
    assert dict(start.layout.weights) == {"shape": 0.2, "colour": 0.3, "pattern": 0.5}


def test_new_heads_are_drawn_from_the_seed(tmp_path):
    name = tiny_encoder(tmp_path / "tiny")
    first, again, other = (open_initial_model(name, tmp_path, 0, seed) for seed in (3, 3, 4))
    weights = [start.model.facets.heads["shape"][1].weight for start in (first, again, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_the_imagenet_model_has_a_text_tower_and_the_requested_side(tmp_path):
    start = open_initial_model("imagenet-lite0", tmp_path, 96, seed=0)
    assert start.side == 96 and start.clip_config["vision_cfg"]["image_size"] == 96
    tokens = tokenizer(start.clip_config["text_cfg"])(["a red shirt"])
    assert start.model.clip.encode_text(tokens).shape == (1, 256)


def test_the_imagenet_model_keeps_imagenets_features(tmp_path):
    tower = open_initial_model("imagenet-lite1", tmp_path, 64, seed=0).model.clip.visual.trunk
    found = tower.state_dict()
    for name, value in imagenet_weights("imagenet-lite1").items():
        if not name.startswith("classifier."):
            assert torch.equal(found[name], value), name  # batch-norm statistics too


def test_a_missing_encoder_is_reported(tmp_path):
    with pytest.raises(EncoderUnavailable, match="LOOKALIKE_ENCODER"):
        open_initial_model(f"local-dir:{tmp_path / 'nowhere'}", tmp_path, 0, seed=0)


def test_a_tower_without_feature_maps_is_refused():
    clip = tiny_clip()

    class Opaque(torch.nn.Module):
        image_size = 32

    clip.visual = Opaque()
    with pytest.raises(CheckpointError, match=r"'mine' is a Opaque.*ViT, a ResNet or a timm"):
        pick_taps(clip, "mine")


def test_the_tower_moves_slowly_and_all_else_at_the_speed_of_heads():
    model = tiny_model(CONV)
    groups = parameter_groups(model, tower_lr=0.1, heads_lr=0.5, weight_decay=0.02)
    speed = {id(p): group for group in groups for p in group["params"]}
    assert len(speed) == len(list(model.parameters()))
    for name, parameter in model.named_parameters():
        group = speed[id(parameter)]
        slow = name.startswith("clip.visual.trunk.")
        assert group["lr"] == group["peak"] == (0.1 if slow else 0.5), name
        assert group["weight_decay"] == (0.02 if parameter.ndim > 1 else 0.0), name


def test_a_vits_projection_is_part_of_its_pretrained_tower():
    model = tiny_model(VIT)
    groups = parameter_groups(model, 0.1, 0.5, 0.0)
    slow = {id(p) for group in groups if group["lr"] == 0.1 for p in group["params"]}
    assert slow == {id(p) for p in model.clip.visual.parameters()}


def test_later_blocks_are_skipped_more_often_and_none_in_use():
    model = tiny_model(LITE)
    add_stochastic_depth(model.clip, 0)
    before = model.rows(photos(32))
    add_stochastic_depth(model.clip, 0.6)
    blocks = [block for stage in model.clip.visual.trunk.blocks for block in stage]
    chances = [block.drop_path.drop_prob for block in blocks]
    assert chances[0] == 0 and chances[-1] == 0.6 and chances == sorted(chances)
    torch.manual_seed(0)
    found = torch.stack([model.clip.encode_image(photos(32)) for _ in range(8)])
    assert len(found.unique(dim=0)) > 1
    model.eval()
    assert torch.equal(model.rows(photos(32)), before)


@pytest.mark.parametrize("vision", [VIT, RESNET], ids=["vit", "resnet"])
def test_stochastic_depth_needs_an_efficientnet(vision):
    with pytest.raises(TrainingError, match=r"EfficientNet family.*--drop-path 0"):
        add_stochastic_depth(tiny_clip(vision), 0.1)


def test_captions_are_titles_with_label_words():
    records = (
        ProductRecord("a", "Lee Check", 1, category=("Shirts",), colour="yellow"),
        ProductRecord("b", "IMG 1", 2),
    )
    table = label_products(records)
    tokens = caption_tokens(TEXT, records, table)
    assert tokens.shape == (2, 24)
    kind = table.text("type", 0)
    pattern = table.text("pattern", 0)
    plain = tokenizer(TEXT)([f"Lee Check, yellow {pattern} {kind}", "IMG 1"])
    assert torch.equal(tokens, plain)


def test_a_text_tower_keeps_its_own_tokenizer(monkeypatch):
    import engine.encoders.tokens as tokens

    options_given = {}

    def other(name, **options):
        options_given.update(options, name=name)
        return lambda texts: torch.zeros(len(texts), options["context_length"])

    monkeypatch.setattr(tokens, "HFTokenizer", other)
    config = TEXT | {"hf_tokenizer_name": "shop/words", "tokenizer_kwargs": {"clean": "lower"}}
    assert tokenizer(config)(["a"]).shape == (1, 24)
    assert options_given == {"name": "shop/words", "context_length": 24, "clean": "lower"}


def test_a_missing_tokenizer_is_reported(monkeypatch):
    def gone(*_, **__):
        raise ImportError("No module named 'transformers'")

    monkeypatch.setattr("engine.encoders.tokens.HFTokenizer", gone)
    with pytest.raises(EncoderUnavailable, match=r"'shop/words' is not available.*--text-weight 0"):
        tokenizer(TEXT | {"hf_tokenizer_name": "shop/words"})
    assert open_clip.tokenizer.HFTokenizer is not gone
