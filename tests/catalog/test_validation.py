"""A refused value is described in plain words, without those of the library and without itself."""

from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from catalog.validation import first_problem, problem


class Example(BaseModel):
    model_config = ConfigDict(extra="forbid")

    number: int = 1
    share: Annotated[float, Field(ge=0, le=1)] = 0.5
    on: bool = True
    name: str = Field("abc", min_length=3, max_length=5)
    secret: SecretStr = Field(SecretStr("0123456789"), min_length=8)
    parts: dict[str, str] = Field({"a": "", "b": ""}, min_length=2)
    letters: str = Field("a", pattern="^[a-z]*$")

    @field_validator("name")
    @classmethod
    def _is_no_x(cls, text: str) -> str:
        if "x" in text:
            raise ValueError("an x is no letter of a name")
        return text


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"number": "one"}, "should be a whole number"),
        ({"number": 1.5}, "should be a whole number"),
        ({"share": "half"}, "should be a number"),
        ({"share": 2}, "should be less than or equal to 1"),
        ({"on": "maybe"}, "should be true or false"),
        ({"name": "ab"}, "should have 3 characters or more"),
        ({"name": "abcdef"}, "should have 5 characters or fewer"),
        ({"name": "axa"}, "an x is no letter of a name"),
        ({"name": 1}, "should be text"),
        ({"secret": "hunter2"}, "should have 8 characters or more"),
        ({"parts": {"a": ""}}, "should have 2 entries or more"),
        ({"letters": "A"}, "should be of the form ^[a-z]*$"),
        ({"other": 1}, "there is no such key"),
    ],
)
def test_a_problem_is_said_in_plain_words(values, expected):
    with pytest.raises(ValidationError) as refused:
        Example.model_validate(values)
    (error,) = refused.value.errors()
    assert problem(error) == expected


def test_the_first_problem_has_its_place_if_there_is_one():
    with pytest.raises(ValidationError) as refused:
        Example.model_validate({"parts": {"a": 1, "b": ""}, "number": "one"})
    assert first_problem(refused.value) == "number: should be a whole number"
    with pytest.raises(ValidationError) as refused:
        Example.model_validate({"parts": {"a": 1, "b": ""}})
    assert first_problem(refused.value) == "parts.a: should be text"
    with pytest.raises(ValidationError) as refused:
        Example.model_validate_json("{")
    assert first_problem(refused.value).startswith("Invalid JSON: ")
