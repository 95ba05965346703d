"""Seen products, compared with a dictionary."""

import random

from catalog.ingest.seen import PAGE, REJECTED, SeenProducts


def test_valid_and_rejected_rows_are_distinguished():
    dice = random.Random(1)
    seen, lines, kept = SeenProducts(), {}, set()
    numbers = [1, PAGE - 1, PAGE, PAGE + 1, 9 * PAGE, 2**31 - 1]
    numbers += [dice.randrange(3 * PAGE) for _ in range(300)]
    for number in numbers:
        if dice.random() < 0.3:
            seen.mark_rejected(number)
            kept.add(number)
        else:
            line = dice.randrange(1, 10**6)
            seen.mark(number, line)
            lines[number] = line
    for number in [*numbers, 0, 2, 20 * PAGE]:
        assert seen.line(number) == lines.get(number, 0)
        assert (number in seen) == (number in lines or number in kept)


def test_a_valid_row_may_follow_a_rejected_one():
    seen = SeenProducts()
    seen.mark_rejected(5)
    seen.mark(5, 7)
    seen.mark_rejected(5)
    assert seen.line(5) == 7


def test_a_line_beyond_the_maximum_is_capped():
    seen = SeenProducts()
    seen.mark(5, 2**40)
    assert 5 in seen and seen.line(5) == REJECTED - 1
