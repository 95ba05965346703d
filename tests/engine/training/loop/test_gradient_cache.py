import pytest
import torch
from torch import nn

from engine.training.data.distributed import Processes
from engine.training.loop.gradient_cache import backward, update_average
from engine.training.loop.objective import BatchLoss, Objective
from tests.engine.training.tiny import tiny_config

COUNT = 8


def parts_of(made, seed: int = 0):
    """A batch in float64, where differences of method would show."""
    model = made.initial.model.double()
    generator = torch.Generator().manual_seed(seed)
    views = torch.rand(COUNT, 3, 32, 32, generator=generator, dtype=torch.float64) * 2 - 1
    texts = made.prepared.data.captions[:COUNT]
    labels = {name: codes[:COUNT] for name, codes in made.prepared.data.labels.items()}
    return model, views, texts, labels


def gradients(made, chunk: int, step: int = 5, memory: int = 0):
    """Gradients by parameter, the loss, and how many photos each pass embedded."""
    model, views, texts, labels = parts_of(made)
    objective = Objective(model, made.prepared.terms, tiny_config(memory=memory), Processes())
    sizes = []

    def embed(part: slice) -> dict[str, torch.Tensor]:
        sizes.append(len(views[part]))
        blocks, embedding = model(views[part])
        return {**blocks, "embedding": embedding, "text": model.clip.encode_text(texts[part])}

    for _ in range(2 if memory else 1):
        model.zero_grad()
        loss, expected = backward(embed, lambda rows: objective(rows, labels, step), COUNT, chunk)
    found = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    return found, loss, expected, sizes


@pytest.mark.parametrize("chunk", [1, 3, 4, 7])
@pytest.mark.parametrize("tower", ["vit", "conv"])
def test_a_cached_gradient_is_that_of_the_whole_batch(tiny_run, tower, chunk):
    whole, loss, expected, _ = gradients(tiny_run(tower), COUNT)
    cached, again, rows, sizes = gradients(tiny_run(tower), chunk)
    assert max(sizes) == chunk
    assert float(loss.value.detach()) > 0
    torch.testing.assert_close(again.value, loss.value, atol=1e-6, rtol=1e-6)
    assert whole.keys() == cached.keys() and len(whole) > 20
    scale = max(float(value.abs().max()) for value in whole.values())
    for name, value in whole.items():
        torch.testing.assert_close(cached[name], value, atol=1e-6 * scale, rtol=1e-5, msg=name)
    for name in expected:
        torch.testing.assert_close(rows[name], expected[name])
        assert not rows[name].requires_grad


def test_the_memorys_triplets_are_cached_too(tiny_run):
    whole, loss, _, _ = gradients(tiny_run(), COUNT, memory=16)
    cached, again, _, _ = gradients(tiny_run(), 3, memory=16)
    without, plain, _, _ = gradients(tiny_run(), COUNT)
    assert float(loss.value.detach()) > float(plain.value.detach())
    torch.testing.assert_close(again.value, loss.value, atol=1e-6, rtol=1e-6)
    scale = max(float(value.abs().max()) for value in whole.values())
    for name, value in whole.items():
        torch.testing.assert_close(cached[name], value, atol=1e-6 * scale, rtol=1e-5, msg=name)
    assert any(not torch.allclose(whole[name], value) for name, value in without.items())


def test_a_large_batch_is_never_held_with_a_graph(tiny_run):
    """All of it is embedded without one, then each chunk with one."""
    model, views, _, _ = parts_of(tiny_run())
    graphs = []

    def embed(part: slice) -> dict[str, torch.Tensor]:
        blocks, _ = model(views[part])
        graphs.append((len(views[part]), blocks["shape"].requires_grad))
        return blocks

    backward(embed, lambda rows: BatchLoss(rows["shape"][:, 0].sum()), COUNT, 3)
    assert graphs == [(3, False), (3, False), (2, False), (3, True), (3, True), (2, True)]


def test_averaged_weights_start_quickly_and_then_follow_slowly():
    averaged, model = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        averaged.weight.fill_(0.0)
        model.weight.fill_(1.0)
    update_average(averaged, model, 0.9, step=0)
    assert float(averaged.weight.detach()) == pytest.approx(0.9)  # 1 - 1/10
    update_average(averaged, model, 0.9, step=1000)
    assert float(averaged.weight.detach()) == pytest.approx(0.9 + 0.1 * 0.1)
    update_average(model, model, 0.9, step=0)
    assert float(model.weight.detach()) == 1.0
