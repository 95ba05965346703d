"""A file that another process replaces."""

from engine.applications.followed_file import FollowedFile


def test_a_file_is_read_once_and_again_when_it_is_replaced(tmp_path):
    path, reads = tmp_path / "file", []

    def read(before: str | None) -> str | None:
        reads.append(before)
        text = path.read_text()
        return before if text == "harmed" else text

    followed = FollowedFile(path, read)
    assert followed.current() is None and not reads
    for text, expected in (("first", "first"), ("harmed", "first"), ("second", "second")):
        path.write_text(text)
        assert [followed.current() for _ in range(3)] == [expected] * 3
    assert reads == [None, "first", "first"]
    path.unlink()
    assert followed.current() is None and len(reads) == 3
