"""A file of rules: what is written is read back, and errors are reported with their lines."""

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings

from catalog.errors import RuleFileError
from catalog.rules.file import MAX_SHOWN, read_rules, write_rules
from catalog.rules.rule import FIELDS, Rule
from tests.catalog.rules.some_rules import books


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rules=books)
def test_a_written_file_is_read_back_equal(rules, tmp_path):
    path = tmp_path / "rules.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        write_rules(stream, rules)
    assert read_rules(path) == list(rules)
    with path.open(encoding="utf-8", newline="") as stream:
        cells = [cell for row in csv.reader(stream) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_it_looks_like_this():
    stream = io.StringIO()
    values = {"rule_id": "-1", "action": "boost", "where": {"brand": "Ours"}, "amount": 0.05}
    write_rules(stream, [Rule.of(values | {"ends": "2026-12-01"})])
    assert stream.getvalue() == (
        "rule_id,action,product_id,where,field,position,amount,category,seed,starts,ends,page\n"
        '\'-1,boost,,"{""brand"": [""Ours""]}",,,0.05,,,,2026-12-01T00:00:00Z,\n'
    )


def put(path, *lines, encoding="utf-8", end="\n"):
    path.write_bytes((end.join(lines) + end).encode(encoding))
    return path


def test_as_a_spreadsheet_saves_it(tmp_path):
    lines = ["action;rule_id;product_id", "block;r1;é", ";;", "block;r2;p"]
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        rules = read_rules(put(tmp_path / "r.csv", *lines, encoding=encoding, end="\r\n"))
        assert [(rule.rule_id, rule.product_id) for rule in rules] == [("r1", "é"), ("r2", "p")]


def test_every_error_is_reported_with_its_line(tmp_path):
    path = put(
        tmp_path / "r.csv",
        "rule_id,action,product_id,where,position",
        "r1,pin,p,,1",
        "r2,pin,p,,first",
        'r3,include,,"{""brand"":',
        'x",',
        "r1,pin,p,,2",
        "r4,shove,p,,",
        "r5,pin",
        'r6,include,,"{""bland"": 1}",',
    )
    with pytest.raises(
        RuleFileError, match=r"Nothing of .*r\.csv was imported: line 3: "
    ) as caught:
        read_rules(path)
    problems = caught.value.problems
    assert [problem.split(":")[0] for problem in problems] == [
        f"line {n}" for n in (3, 4, 6, 7, 8, 9)
    ]
    for problem, message in zip(
        problems,
        ["'first'", "is not JSON", "is on line 2 already", "'shove'", "2 columns", "'bland'"],
        strict=True,
    ):
        assert message in problem


def test_where_that_is_not_json(tmp_path):
    path = put(tmp_path / "r.csv", "rule_id,action,where", "r1,include,brand=Ours")
    with pytest.raises(RuleFileError, match=r"line 2: Rule 'r1': where 'brand=Ours' is not JSON"):
        read_rules(path)


def test_the_message_lists_a_limited_number_of_errors(tmp_path):
    path = put(tmp_path / "r.csv", "rule_id,action", *(f"r{n},no" for n in range(MAX_SHOWN + 5)))
    with pytest.raises(RuleFileError, match=r"and 5 more$") as caught:
        read_rules(path)
    assert len(caught.value.problems) == MAX_SHOWN + 5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("rule_id,action,colour\n", "'colour'"),
        ("rule_id,product_id\n", "no column action"),
        ("rule_id,rule_id,action\n", "same name"),
        ("rule_id,action\nr\xff,block\n".encode("latin-1"), "is not utf-8"),
    ],
)
def test_an_invalid_file(tmp_path, text, message):
    path = tmp_path / "r.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(RuleFileError, match=message):
        read_rules(path)
    with pytest.raises(RuleFileError, match=r"gone\.csv cannot be read: No such file"):
        read_rules(tmp_path / "gone.csv")


def test_a_header_alone_has_no_rules(tmp_path):
    assert read_rules(put(tmp_path / "r.csv", ",".join(FIELDS))) == []
