"""A file is written whole or not at all."""

import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from catalog import files
from catalog.files import remove_drafts, replacing, safe_name, sync, write_whole

KILLED = """
import os, signal
from pathlib import Path
from catalog import files

def die(path):
    os.kill(os.getpid(), signal.SIGKILL)

files.sync = die
files.write_whole(Path("settings.json"), "new")
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "settings.json"


def names(folder):
    return sorted(file.name for file in folder.iterdir())


@pytest.mark.parametrize("content", ["", "größer\r\n", b"", b"\xff\x00\n"])
def test_text_and_bytes_are_written_as_they_are(path, content):
    path.write_text("old, and longer than the new one")
    write_whole(path, content)
    expected = content.encode() if isinstance(content, str) else content
    assert path.read_bytes() == expected
    assert names(path.parent) == ["settings.json"]


def test_the_file_appears_when_the_block_ends(path):
    with replacing(path) as draft:
        assert draft.parent == path.parent
        draft.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"


def test_an_error_leaves_the_old_file_and_no_draft(path):
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), replacing(path) as draft:
        draft.write_text("half of the")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert names(path.parent) == ["settings.json"]


def test_a_disk_that_is_full_leaves_the_old_file_and_no_draft(path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    path.write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert names(path.parent) == ["settings.json"]


def test_a_folder_in_its_place_is_refused_and_no_draft_remains(path):
    (path / "inner").mkdir(parents=True)
    with pytest.raises(OSError):
        write_whole(path, "new")
    assert names(path.parent) == ["settings.json"]


def test_a_folder_that_is_missing_is_an_error(path):
    with pytest.raises(FileNotFoundError):
        write_whole(path.parent / "nowhere" / "file", "new")


def test_a_kill_between_write_and_rename_leaves_the_old_file_whole(path):
    path.write_text("old")
    done = subprocess.run(
        [sys.executable, "-c", KILLED],
        cwd=path.parent,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    draft = next(file for file in path.parent.iterdir() if file != path)
    assert draft.read_text() == "new"  # written, not yet renamed
    remove_drafts(path)
    assert names(path.parent) == ["settings.json"]


def test_drafts_of_other_files_are_kept(tmp_path):
    for name in (".a.json.0123abcd.tmp", ".b.json.0123abcd.tmp", "a.json"):
        (tmp_path / name).touch()
    remove_drafts(tmp_path / "a.json")
    assert names(tmp_path) == [".b.json.0123abcd.tmp", "a.json"]


def permissions(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_the_mode_holds_from_the_start(path):
    with replacing(path, mode=0o600) as draft:
        assert permissions(draft) == 0o600
    assert permissions(path) == 0o600


def test_the_mode_holds_for_a_draft_that_was_replaced(path):
    with replacing(path, mode=0o644) as draft:
        draft.unlink()
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT, 0o600))
    assert permissions(path) == 0o644


def test_without_a_mode_the_umask_decides(path):
    before = os.umask(0o027)
    try:
        write_whole(path, "")
    finally:
        os.umask(before)
    assert permissions(path) == 0o640


def test_a_file_that_may_not_be_overwritten_stays(path):
    write_whole(path, "first", overwrite=False)
    write_whole(path, "second", overwrite=False)
    assert path.read_text() == "first"
    assert names(path.parent) == ["settings.json"]


@pytest.mark.parametrize("overwrite", [True, False])
def test_threads_that_write_one_file_leave_one_whole_content(path, overwrite):
    contents = [str(number) * 100_000 for number in range(8)]
    threads = [
        threading.Thread(target=write_whole, args=(path, text), kwargs={"overwrite": overwrite})
        for text in contents
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text() in contents
    assert names(path.parent) == ["settings.json"]


def test_the_draft_is_synced_before_the_rename_and_the_folder_after(path, monkeypatch):
    steps = []

    def record(synced):
        steps.append((synced == path.parent, path.exists()))
        sync(synced)

    monkeypatch.setattr(files, "sync", record)
    write_whole(path, "new")
    assert steps == [(False, False), (True, True)]


def test_a_cache_is_not_synced(path, monkeypatch):
    monkeypatch.setattr(files, "sync", None)
    with replacing(path, durable=False) as draft:
        draft.write_text("new")
    assert path.read_text() == "new"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("shop.csv", "shop.csv"),
        ("Größe 1.csv", "Größe_1.csv"),
        ("127.0.0.1:80/feeds/a.xml", "127.0.0.1_80_feeds_a.xml"),
        ("../../etc", "__.._etc"),
        (".hidden", "_hidden"),
        ("", ""),
    ],
)
def test_a_safe_name_has_no_separators_and_is_not_hidden(text, name):
    assert safe_name(text) == name
