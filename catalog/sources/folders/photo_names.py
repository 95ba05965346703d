"""Groups the photos of a plain folder to products by their names.

Merging two products by mistake loses one of them; splitting one only shows it twice. So photos are
grouped only where their names hardly allow another reading:

- ``LK0012-1``, ``LK0012_2``, ``LK0012 (3)``, ``LK0012-front``, ``LK0012``: a name that contains a
  digit, followed by a number or a view. The numbers are at most `MAX_NUMBER`, and start at 0 or 1
  (or at 2 beside the bare name).
- ``red-dress-1``, ``red-dress-2``: two words or more with numbers up to `MAX_NUMBER_OF_WORDS`, and
  only in a folder that numbers several names. ``dress-1`` and ``dress-2`` are two dresses.
- ``red-dress_front``, ``red-dress_back``: views of any name, if there are at least two.
- All photos of a sub folder that is named like an id (``10001``, ``SKU-0815``), if they are at most
  `MAX_NUMBER` and their own names are not those of several products. Any other sub folder is a
  category.

File names by cameras and phones, and dates (``IMG_0001``, ``DSC00012-2``, ``2024-01-05``,
``20240105_1``), never identify a product. For other naming schemes, a pattern can be set.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from catalog.errors import SourceError

AUTO, PHOTO, FOLDER = "auto", "photo", "folder"
MAX_NUMBER = 20
MAX_NUMBER_OF_WORDS = 6

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
class PhotoGroup:
    """One product of a folder.

    ``path`` is its name with its folders; ``photos`` are relative to the same root, the best first.
    """

    path: Path
    photos: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class _Name:
    """A photo's name, split into the product's name (``base``), a number and a view."""

    photo: Path
    base: str
    number: int | None = None
    view: str | None = None

    @property
    def bare(self) -> bool:
        return self.number is None and self.view is None


def group_photos(photos: Sequence[Path], how: str = AUTO) -> list[PhotoGroup]:
    """Groups photos to products, in the order of the products' first photos.

    Args:
        photos: relative paths, sorted within each folder.
        how: ``auto`` for the rules of this module, ``photo`` for one product per photo, ``folder``
            for one product per sub folder, or a regular expression that matches a path without
            its suffix; its group ``product``, or its first group, is the product's id. A photo
            that it does not match is a product of its own.

    Raises:
        SourceError: the regular expression is invalid, or has no group.
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
    return [PhotoGroup(path, tuple(sorted(same, key=_rank))) for path, same in members.items()]


def _by_pattern(photos: Iterable[Path], pattern: str) -> dict[Path, Path]:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise SourceError(
            f"LOOKALIKE_PHOTO_NAMES={pattern!r} is not a valid regular expression: {error}. "
            f"Correct it, or use {AUTO}, {PHOTO} or {FOLDER}."
        ) from None
    if not compiled.groups:
        raise SourceError(
            f"LOOKALIKE_PHOTO_NAMES={pattern!r} has no group for the product's id. "
            "Put brackets around that part, as in (.+)-[a-z]."
        )
    group = "product" if "product" in compiled.groupindex else 1
    products = {}
    for photo in photos:
        match = compiled.fullmatch(photo.with_suffix("").as_posix())
        product = match.group(group) if match else None
        products[photo] = Path(product) if product else photo.with_suffix("")
    return products


def _by_name(photos: Iterable[Path]) -> dict[Path, Path]:
    folders: dict[Path, list[Path]] = defaultdict(list)
    for photo in photos:
        folders[photo.parent].append(photo)
    parents = {parent for folder in folders for parent in folder.parents}
    products: dict[Path, Path] = {}
    for folder, inside in folders.items():
        names = [_name(photo) for photo in inside]
        if folder not in parents and _is_product(folder.name, names):
            products |= dict.fromkeys(inside, folder)
        else:
            products |= {photo: folder / base for photo, base in _bases(names).items()}
    return products


def _name(photo: Path) -> _Name:
    """Splits a photo's name; one by a camera or with a date stays whole."""
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
    """The product name of each photo of a folder: its base if grouping is safe, else its stem."""
    by_base: dict[str, list[_Name]] = defaultdict(list)
    for name in names:
        by_base[name.base].append(name)
    several = sum(any(n.number is not None for n in same) for same in by_base.values()) > 1
    found: dict[Path, str] = {}
    for base, same in by_base.items():
        numbers = _numbers_are_views(base, same, several)
        group = [name for name in same if numbers or name.number is None]
        found |= {name.photo: name.photo.stem for name in same}
        if _is_id(base) or len(group) > 1:
            found |= {name.photo: base for name in group}
    return found


def _numbers_are_views(base: str, same: Sequence[_Name], several: bool) -> bool:
    """Whether the numbers after a base count the photos of one product, not several products."""
    numbers = [name.number for name in same if name.number is not None]
    bare = any(name.number is None for name in same)
    if not numbers or min(numbers) > (2 if bare else 1):
        return False
    if _is_id(base):
        return max(numbers) <= MAX_NUMBER
    words = len(re.findall(r"[^\W\d_]+", base))
    return several and words > 1 and max(numbers) <= MAX_NUMBER_OF_WORDS


def _is_id(base: str) -> bool:
    """Whether a name is a number, or contains a digit that is not part of a year."""
    return base.isdigit() or any(character.isdigit() for character in _YEAR.sub("", base))


def _is_product(folder: str, names: Sequence[_Name]) -> bool:
    """Whether a folder is named like an id, and its photos not like several other products."""
    if not _ID_FOLDER.fullmatch(folder) or _PERIOD.fullmatch(folder) or _DATE.search(folder):
        return False
    if len(names) > MAX_NUMBER or _BY_CAMERA.fullmatch(folder):
        return False
    other_ids = {
        name.base
        for name in names
        if _is_id(name.base)
        and not (name.bare and re.fullmatch(r"\d{1,2}", name.base))
        and not _BY_CAMERA.fullmatch(name.base)
        and not _DATE.search(name.base)
        and folder.lower() not in name.base.lower()
    }
    return len(other_ids) < 2


def _rank(photo: Path) -> tuple[int, list[tuple[int, str]]]:
    """A sort key: the front view first, then the bare name, then the rest by number and name."""
    name = _name(photo)
    front = name.view in _FIRST_VIEWS or photo.stem.lower() in _FIRST_VIEWS
    parts = re.split(r"(\d+)", photo.with_suffix("").as_posix())
    natural = [(int(part) if part.isdecimal() else 0, part) for part in parts]
    return (0 if front else 1 if name.bare else 2), natural
