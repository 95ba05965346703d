import io

import pytest
import torch

from engine.training.loop.objective import of_source
from engine.training.losses.conditional import LabelledRows
from engine.training.losses.cross_batch_memory import CrossBatchMemory


def rows_of(values: range) -> LabelledRows:
    names = torch.tensor(list(values))
    return LabelledRows(
        {"shape": names[:, None].float().repeat(1, 3)}, {"type": names, "colour": -names}
    )


def held(memory: CrossBatchMemory) -> list[int]:
    rows = memory.rows()
    assert torch.equal(rows.blocks["shape"][:, 0].long(), rows.labels["type"])
    assert torch.equal(rows.labels["colour"], -rows.labels["type"])
    assert len(memory) == len(rows.labels["type"])
    return sorted(rows.labels["type"].tolist())


def test_the_last_rows_are_kept_and_the_oldest_go_first():
    memory = CrossBatchMemory(5)
    assert len(memory) == 0
    expected = [[0, 1], [0, 1, 2, 3], [1, 2, 3, 4, 5], [3, 4, 5, 6, 7]]
    for at, kept in zip(range(0, 8, 2), expected, strict=True):
        memory.add(rows_of(range(at, at + 2)))
        assert held(memory) == kept


def test_of_a_batch_longer_than_the_memory_the_end_is_kept():
    memory = CrossBatchMemory(4)
    memory.add(rows_of(range(3)))
    memory.add(rows_of(range(3, 14)))
    assert held(memory) == [10, 11, 12, 13]


def test_remembered_rows_are_constants():
    memory = CrossBatchMemory(4)
    block = torch.ones(2, 3, requires_grad=True)
    memory.add(LabelledRows({"shape": block * 2}, {"type": torch.zeros(2, dtype=torch.int64)}))
    assert not memory.rows().blocks["shape"].requires_grad


def test_a_resumed_memory_continues_as_if_never_stopped():
    whole, first, second = (CrossBatchMemory(5) for _ in range(3))
    for memory in (whole, first):
        memory.add(rows_of(range(7)))
    saved = io.BytesIO()
    torch.save(first.state_dict(), saved)
    saved.seek(0)
    second.load_state_dict(torch.load(saved, weights_only=True))
    for memory in (whole, second):
        memory.add(rows_of(range(7, 10)))
    assert torch.equal(whole.rows().labels["type"], second.rows().labels["type"])
    assert torch.equal(whole.rows().blocks["shape"], second.rows().blocks["shape"])


def test_a_state_is_a_copy_when_loaded():
    one, two = CrossBatchMemory(3), CrossBatchMemory(3)
    one.add(rows_of(range(3)))
    two.load_state_dict(one.state_dict())
    one.add(rows_of(range(5, 8)))
    assert held(two) == [0, 1, 2]


def test_what_does_not_fit_is_refused():
    memory = CrossBatchMemory(5)
    memory.add(rows_of(range(5)))
    with pytest.raises(ValueError, match=r"holds \['type', 'colour'\], not \['type'\]"):
        memory.add(
            LabelledRows(rows_of(range(1)).blocks, {"type": torch.zeros(1, dtype=torch.int64)})
        )
    with pytest.raises(ValueError, match="'shape' has 3 rows, the others have 2"):
        memory.add(LabelledRows(rows_of(range(3)).blocks, rows_of(range(2)).labels))
    assert held(memory) == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match="holds 5 rows, this run's 6"):
        CrossBatchMemory(6).load_state_dict(memory.state_dict())
    with pytest.raises(ValueError, match="at least 1 row"):
        CrossBatchMemory(0)


def test_labels_of_another_source_are_unknown():
    names, source = torch.tensor([3, 4, 5]), torch.tensor([0, 1, 0])
    held = LabelledRows({"shape": torch.eye(3)}, {"type": names, "source": source})
    assert of_source(held, 0).labels["type"].tolist() == [3, -1, 5]
    assert of_source(held, 1).labels["type"].tolist() == [-1, 4, -1]
    assert list(of_source(held, 0).labels) == ["type"]
