"""Texts of feeds as a browser would show them, and what only looks like markup."""

import pytest

from catalog.text import one_line
from catalog.vocabulary.markup import plain_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<b>Soft</b> jumper", "Soft jumper"),
        ("Soft<b>er</b>", "Softer"),
        ("<p>One</p><p>two</p>three<br/>four", "One two three four"),
        ("Men&#039;s shirt &amp;amp; tie", "Men's shirt & tie"),
        ("&lt;b&gt;Soft&lt;/b&gt;", "Soft"),
        ("a<!-- hidden --><script>x < 1</script>b", "a b"),
        ("H&M, AT&T;, R&D &unknown;", "H&M, AT&T;, R&D &unknown;"),
        ("size <M, 3 < 4 > 2, <Tops>", "size <M, 3 < 4 > 2, <Tops>"),
    ],
)
def test_text_without_markup(text, shown):
    assert one_line(plain_text(text)) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Baum\u00adwoll\u00adkleid", "Baumwollkleid"),
        ("\ufeffA\u200b\u200e b\u2060c", "A bc"),
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        ),
        ("\U0001f469\u200d\U0001f9b0", "\U0001f469\u200d\U0001f9b0"),
        ("Auf\u200clage", "Auflage"),  # between Latin letters it only forbids a ligature
        ("a\x00b\u00a0c\u2028d", "a b c d"),
    ],
)
def test_signs_that_only_format_leave_no_gap(text, shown):
    assert one_line(text) == shown == one_line(shown)
