"""TOML files that cannot be read end in one clear line, whatever reads them."""

import pytest

from engine.errors import SettingsError
from engine.labels.label_file import read_rules
from engine.labels.type_words import read_type_words
from engine.training.data.run_file import read_run_file

READERS = (read_rules, read_type_words, read_run_file)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"label = [", "is not valid TOML"),
        (b'label = "\xff"', "is not valid TOML"),
        (b"#" * 1_000_001, "has over 1 MB"),
        (b"label = " + b"[" * 50_000 + b"]" * 50_000, "is nested too deeply"),
    ],
)
def test_broken_files(tmp_path, read, content, message):
    path = tmp_path / "some.toml"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=message):
        read(path)


@pytest.mark.parametrize("read", READERS)
def test_missing_files(tmp_path, read):
    with pytest.raises(SettingsError, match="Cannot read"):
        read(tmp_path / "none.toml")
