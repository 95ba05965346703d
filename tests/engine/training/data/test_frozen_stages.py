import pytest
import torch

from engine.errors import TrainingError
from engine.training.data.frozen_stages import freeze_stages, tower_stages
from engine.training.data.initial_model import parameter_groups
from tests.engine.training.tiny import CONV, RESNET, VIT, tiny_clip, tiny_model

TIMM_VIT = CONV | {"timm_model_name": "test_vit", "timm_pool": "token", "image_size": 160}


def trained(clip) -> set[str]:
    return {name for name, one in clip.visual.named_parameters() if one.requires_grad}


def test_frozen_stages_are_not_trained():
    model = tiny_model(CONV)
    before = sum(len(g["params"]) for g in parameter_groups(model, 0.1, 0.5, 0.0))
    freeze_stages(model.clip, 2)
    trunk = model.clip.visual.trunk
    assert not any(p.requires_grad for p in trunk.conv_stem.parameters())
    assert not any(p.requires_grad for p in trunk.bn1.parameters())
    assert not any(p.requires_grad for p in trunk.blocks[:2].parameters())
    assert all(p.requires_grad for p in trunk.blocks[2:].parameters())
    after = sum(len(g["params"]) for g in parameter_groups(model, 0.1, 0.5, 0.0))
    frozen = sum(not p.requires_grad for p in model.parameters())
    assert after == before - frozen < before


@pytest.mark.parametrize(
    ("vision", "stem", "stage", "next_stage", "stages"),
    [
        (VIT, "conv1.", "transformer.resblocks.0.", "transformer.resblocks.1.", 3),
        (TIMM_VIT, "trunk.patch_embed.", "trunk.blocks.0.", "trunk.blocks.1.", 6),
        (RESNET, "conv1.", "layer1.", "layer2.", 4),
        (CONV, "trunk.conv_stem.", "trunk.blocks.0.", "trunk.blocks.1.", 5),
    ],
    ids=["open_clip's ViT", "timm's ViT", "CLIP's ResNet", "EfficientNet"],
)
def test_every_kind_of_tower_freezes_its_first_stages(vision, stem, stage, next_stage, stages):
    clip = tiny_clip(vision)
    assert len(tower_stages(clip)[1]) == stages
    everything = trained(clip)
    freeze_stages(clip, 0)
    assert trained(clip) == everything
    freeze_stages(clip, 1)
    rest = trained(clip)
    assert not any(name.startswith((stem, stage)) for name in rest)
    later = {name for name in everything if name.startswith(next_stage)}
    assert later and later <= rest
    assert not {"class_embedding", "positional_embedding", "trunk.pos_embed"} & rest
    freeze_stages(clip, stages)
    with pytest.raises(TrainingError, match=rf"has {stages} stages, so {stages + 1} cannot be"):
        freeze_stages(clip, stages + 1)


def test_a_tower_of_unknown_stages_is_refused():
    clip = tiny_clip(VIT)
    clip.visual = torch.nn.Linear(2, 2)
    with pytest.raises(TrainingError, match=r"stages of a Linear are unknown.*--frozen-stages 0"):
        freeze_stages(clip, 1)
    clip.visual = torch.nn.Module()
    clip.visual.trunk = torch.nn.Linear(2, 2)
    with pytest.raises(TrainingError, match="stages of a Linear are unknown"):
        freeze_stages(clip, 1)
