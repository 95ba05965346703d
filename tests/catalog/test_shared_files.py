"""Files that machines share: a folder and an object store behave the same."""

import io

import pytest

from catalog.shared_files import check_address, open_shared


@pytest.fixture(params=["folder", "s3"])
def shared(request, tmp_path):
    """Each kind of place, empty."""
    if request.param == "folder":
        (tmp_path / "shared").mkdir()
        return open_shared(str(tmp_path / "shared"))
    return open_shared(request.getfixturevalue("bucket"))


def content(shared, key, most=None):
    stream = io.BytesIO()
    assert shared.read_into(key, stream, most) == len(stream.getvalue())
    return stream.getvalue()


def test_what_is_written_is_read_listed_and_removed(shared, tmp_path):
    (tmp_path / "large").write_bytes(b"x" * 9_000_000)
    shared.write("photos/ab/one", b"one")
    shared.write("photos/ab/one", b"another")
    shared.write("photos/cd/large", tmp_path / "large")
    shared.write("photos/empty", b"")
    assert content(shared, "photos/ab/one") == b"another"
    assert content(shared, "photos/cd/large") == b"x" * 9_000_000
    assert content(shared, "photos/cd/large", 10) == b"x" * 10
    assert shared.size("photos/cd/large") == 9_000_000
    assert shared.names("photos") == ["ab", "cd", "empty"]
    assert shared.names("photos/ab") == ["one"]
    assert shared.names("nowhere") == [] and shared.size("nowhere") is None
    with pytest.raises(FileNotFoundError):
        content(shared, "photos/nowhere")
    shared.remove("photos/ab")
    shared.remove("photos/cd/large")
    shared.remove("nowhere")
    assert "ab" not in shared.names("photos") and shared.size("photos/cd/large") is None


def test_what_ends_in_an_error_is_not_written(shared, tmp_path):
    with pytest.raises(OSError):
        shared.write("half", tmp_path)  # a folder
    assert shared.size("half") is None


def test_a_folder_that_is_not_mounted_is_no_empty_one(tmp_path):
    shared = open_shared(str(tmp_path / "nowhere"))
    for use in (
        lambda: shared.names("x"),
        lambda: shared.size("x"),
        lambda: shared.write("x", b""),
    ):
        with pytest.raises(OSError, match="is it mounted") as raised:
            use()
        assert not isinstance(raised.value, FileNotFoundError)
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("", "write a folder"),
        ("shared", "from its root on"),
        ("gs://bucket", "write a folder"),
        ("s3://", "write a folder"),
        ("s3://user:password@bucket/x", "AWS_SECRET_ACCESS_KEY"),
        ("s3://bucket?secret_key=1", "'secret_key' is no option"),
    ],
)
def test_what_is_no_address_is_refused_with_an_example(address, says):
    with pytest.raises(ValueError, match=says) as raised:
        check_address(address)
    assert "password@" not in str(raised.value)


def test_an_address_shows_no_options():
    assert open_shared("s3://bucket/shop?region=eu-west-1").address == "s3://bucket/shop"
