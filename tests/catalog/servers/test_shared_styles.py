"""The file of styles in the catalogue's database."""

import hashlib

from catalog.servers.shared_styles import SharedStyles


def test_the_file_is_what_was_written_last(db):
    shared = SharedStyles(db)
    assert (shared.digest(), shared.read()) == (None, None)
    for content in (b"first\0", b"second" * 1_000):
        shared.write(content)
        assert shared.read() == content
        assert shared.digest() == hashlib.sha256(content).hexdigest()
