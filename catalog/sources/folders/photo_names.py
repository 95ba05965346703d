"""Which photos of a plain folder show one product, as their names tell it.

A shop that merges two products loses one of them, and one that splits a product in two only
shows it twice. So names count as one product's where they hardly mean anything else:

- ``LK0012-1``, ``LK0012_2``, ``LK0012 (3)``, ``LK0012-front``, ``LK0012``: a name with a digit in
  it, and a number up to `MOST` that begins at 0 or 1 (at 2 beside the bare name), or a view.
- ``red-dress-1``, ``red-dress-2``: two words or more, up to `MOST_OF_WORDS`, and only in a folder
  that numbers several names. ``dress-1``, ``dress-2`` are two dresses.
- ``red-dress_front``, ``red-dress_back``: views of any name, if there are two at least.
- all photos of a sub folder named like an id (``10001``, ``SKU-0815``), `MOST` at most, unless
  their own names are of several products. Any other sub folder is a category.

What cameras, phones and calendars write (``IMG_0001``, ``DSC00012-2``, ``2024-01-05``,
``20240105_1``) never tells a product. A shop with other names says so with a pattern.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from catalog.errors import SourceError

AUTO, PHOTO, FOLDER = "auto", "photo", "folder"
MOST = 20
MOST_OF_WORDS = 6

_FIRST_VIEWS = ("front", "main")
_VIEWS = "front|main|back|rear|side|left|right|details?|close-?up|zoom|model|worn|inside|sole|alt"
_CAMERA = "img|image|images|dsc[a-z]?|cimg|pict|pic|picture|photo|foto|bild|scan|screenshot|frame"
_CAMERA += "|untitled|mvi|vid|pxl|gopr|sam|kimg|hpim|wa|received|download|burst|file|temp"
_BATCH = "batch|part|page|set|shoot|folder|day|week|box|lot|season"

_TAIL = re.compile(
    rf"(?P<base>.*[^-_ ])[-_ ]+"
    rf"(?:(?P<number>\d{{1,2}})|\((?P<copy>\d{{1,2}})\)|(?P<view>{_VIEWS})\d{{0,2}})",
    re.IGNORECASE,
)
_BY_CAMERA = re.compile(rf"(?:{_CAMERA})[-_ ]?e?[\d\W_]*", re.IGNORECASE)
_DATE = re.compile(
    r"(?<![A-Za-z0-9])(?:19|20)\d\d[-_. ](?:0[1-9]|1[0-2])(?!\d)"
    r"|(?<!\d)(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)"
    r"|(?<!\d)\d\d?[-_.]\d\d?[-_.](?:19|20)\d\d(?!\d)"
)
_YEAR = re.compile(r"(?<![A-Za-z0-9])(?:19|20)\d\d(?![A-Za-z0-9])")
_ID_FOLDER = re.compile(rf"(?!(?:{_BATCH})\b|(?:{_BATCH})\d)[A-Za-z]{{0,6}}[-_ ]?\d{{3,}}[A-Za-z]?")
_PERIOD = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])?")


@dataclass(frozen=True, slots=True)
class Shown:
    """One product of a folder.

    ``path`` is its name with the folders it is in, ``photos`` are relative to the same root, the
    best first.
    """

    path: Path
    photos: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class _Name:
    """A photo's name without what tells it from the others of its product."""

    photo: Path
    base: str
    number: int | None = None
    view: str | None = None

    @property
    def bare(self) -> bool:
        return self.number is None and self.view is None


def group_photos(photos: Sequence[Path], how: str = AUTO) -> list[Shown]:
    """Put the photos of one product together, in the order of their first ones.

    Args:
        photos: relative paths, sorted within each folder.
        how: ``auto`` for the rules above, ``photo`` for a product a photo, ``folder`` for a
            product a sub folder, or a regular expression that matches a path without its suffix;
            its group ``product``, or its first, is the product's id. A photo that it does not
            match is a product of its own.

    Raises:
        SourceError: the regular expression is none, or has no group.
    """
    if how == AUTO:
        products = _by_name(photos)
    elif how == PHOTO:
        products = {photo: photo.with_suffix("") for photo in photos}
    elif how == FOLDER:
        products = {p: p.parent if p.parent.parts else p.with_suffix("") for p in photos}
    else:
        products = _by_pattern(photos, how)
    members: dict[Path, list[Path]] = defaultdict(list)
    for photo in photos:
        members[products[photo]].append(photo)
    return [Shown(path, tuple(sorted(same, key=_rank))) for path, same in members.items()]


def _by_pattern(photos: Iterable[Path], pattern: str) -> dict[Path, Path]:
    try:
        told = re.compile(pattern)
    except re.error as error:
        raise SourceError(
            f"LOOKALIKE_PHOTO_NAMES={pattern!r} is no regular expression: {error}. "
            f"Use one, or {AUTO}, {PHOTO} or {FOLDER}."
        ) from None
    if not told.groups:
        raise SourceError(
            f"LOOKALIKE_PHOTO_NAMES={pattern!r} has no group that says which part is the "
            "product's id. Put brackets around it, as in (.+)-[a-z]."
        )
    group = "product" if "product" in told.groupindex else 1
    products = {}
    for photo in photos:
        match = told.fullmatch(photo.with_suffix("").as_posix())
        product = match.group(group) if match else None
        products[photo] = Path(product) if product else photo.with_suffix("")
    return products


def _by_name(photos: Iterable[Path]) -> dict[Path, Path]:
    folders: dict[Path, list[Path]] = defaultdict(list)
    for photo in photos:
        folders[photo.parent].append(photo)
    parents = {above for folder in folders for above in folder.parents}
    products: dict[Path, Path] = {}
    for folder, inside in folders.items():
        names = [_name(photo) for photo in inside]
        if folder not in parents and _is_product(folder.name, names):
            products |= dict.fromkeys(inside, folder)
        else:
            products |= {photo: folder / base for photo, base in _bases(names).items()}
    return products


def _name(photo: Path) -> _Name:
    stem = photo.stem
    base, number, view = stem, None, None
    if _DATE.search(stem):
        return _Name(photo, stem)
    while match := _TAIL.fullmatch(base):
        digits = match["number"] or match["copy"]
        if (digits and number is not None) or (match["view"] and view is not None):
            break
        base = match["base"]
        number = int(digits) if digits else number
        view = match["view"].lower() if match["view"] else view
    return _Name(photo, stem) if _BY_CAMERA.fullmatch(base) else _Name(photo, base, number, view)


def _bases(names: Sequence[_Name]) -> dict[Path, str]:
    """What each photo of one folder is called without its number or view, where that is safe."""
    alike: dict[str, list[_Name]] = defaultdict(list)
    for name in names:
        alike[name.base].append(name)
    several = sum(any(n.number is not None for n in same) for same in alike.values()) > 1
    found: dict[Path, str] = {}
    for base, same in alike.items():
        numbers = _numbers_are_views(base, same, several)
        one = [name for name in same if numbers or name.number is None]
        together = _is_id(base) or len(one) > 1
        found |= {name.photo: name.photo.stem for name in same}
        found |= {name.photo: base for name in one if together}
    return found


def _numbers_are_views(base: str, same: Sequence[_Name], several: bool) -> bool:
    numbers = [name.number for name in same if name.number is not None]
    bare = any(name.number is None for name in same)
    if not numbers or min(numbers) > (2 if bare else 1):
        return False
    if _is_id(base):
        return max(numbers) <= MOST
    return several and len(re.findall(r"[^\W\d_]+", base)) > 1 and max(numbers) <= MOST_OF_WORDS


def _is_id(base: str) -> bool:
    """Whether a name has a digit in it that is no year's; a plain number is an id."""
    return base.isdigit() or any(sign.isdigit() for sign in _YEAR.sub("", base))


def _is_product(folder: str, names: Sequence[_Name]) -> bool:
    if not _ID_FOLDER.fullmatch(folder) or _PERIOD.fullmatch(folder) or _DATE.search(folder):
        return False
    if len(names) > MOST or _BY_CAMERA.fullmatch(folder):
        return False
    own = {
        name.base
        for name in names
        if _is_id(name.base)
        and not (name.bare and re.fullmatch(r"\d{1,2}", name.base))
        and not _BY_CAMERA.fullmatch(name.base)
        and not _DATE.search(name.base)
        and folder.lower() not in name.base.lower()
    }
    return len(own) < 2


def _rank(photo: Path) -> tuple[int, list[tuple[int, str]]]:
    """The front comes first, then the bare name, then the rest by number and name."""
    name = _name(photo)
    front = name.view in _FIRST_VIEWS or photo.stem.lower() in _FIRST_VIEWS
    parts = re.split(r"(\d+)", photo.with_suffix("").as_posix())
    natural = [(int(part) if part.isdecimal() else 0, part) for part in parts]
    return (0 if front else 1 if name.bare else 2), natural
