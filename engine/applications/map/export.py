"""Writes a map as one page with a folder beside it, which opens from a disk as well."""

import json
import shutil
import tempfile
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from catalog.files import write_whole
from engine.applications.map import parts
from engine.applications.map.build import MapSource, build_map
from engine.applications.map.page import SCRIPTS, SHEET, english, render
from engine.applications.map.progress import Stage, unwatched
from engine.errors import RequestError

OURS = "colours.bin.js"  # a file that only our folders have


@dataclass(frozen=True)
class MapSize:
    """What a map has: its products, and the bytes of its page and script, texts and sprites."""

    products: int
    opening_bytes: int
    sprite_files: int
    sprite_bytes: int


def export_map(
    out: Path,
    source: MapSource,
    base: str | None = None,
    title: str = "Map of the catalogue",
    stage: Stage = unwatched,
) -> MapSize:
    """Write a map to ``out`` and to the folder ``out`` + ``-files``.

    Args:
        out: the page, which ends in .html.
        source: see `build_map`.
        base: address of a storefront, whose product pages are linked; None: each product's own
            page in the shop.
        title: of the page.
        stage: watches each step.

    Raises:
        RequestError, SettingsError: as `build_map`; or the folder has files of something else.
        OSError: a file cannot be written.
    """
    files = out.with_name(f"{out.stem}-files")
    if files.exists() and not (files / OURS).is_file():
        raise RequestError(f"{files} has other files in it. Move it away, or choose another name.")
    draft = Path(tempfile.mkdtemp(prefix=f".{files.name}-", dir=out.parent))
    try:
        head = build_map(draft, source, stage)
        sprites = [path.stat().st_size for path in draft.glob("*.webp")]
        for path in (*draft.glob("hashes-*.bin"), draft / parts.HEAD, draft / parts.IDS):
            path.unlink()
        for path in (*draft.glob("*.bin"), *draft.glob("*.json")):
            _as_script(path)
        for script in (*SCRIPTS, SHEET):
            shutil.copyfile(script, draft / script.name)
        draft.chmod(0o755)
        if files.exists():
            shutil.rmtree(files)
        draft.rename(files)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    config = {
        **{name: head[name] for name in ("count", "chunk", "sprite", "layouts", "attributes")},
        "files": f"{quote(files.name)}/",
        "scripted": True,
        "base": base,
        "words": english(),
        "locale": "en",
    }
    page = render(
        "page.html",
        title=title,
        files=quote(files.name),
        scripts=[one.name for one in SCRIPTS],
        sheet=SHEET.name,
        config=config,
        words=english(),
        total=head["count"],
    )
    write_whole(out, page)
    needed = [path.name for path in SCRIPTS] + [SHEET.name, "places-0.bin.js", "colours.bin.js"]
    opening = sum((files / name).stat().st_size for name in needed) + len(page.encode())
    return MapSize(head["count"], opening, len(sprites), sum(sprites))


def _as_script(path: Path) -> None:
    """Wrap a file in a script: a page from a disk may read no other files."""
    data = path.read_bytes()
    value = data.decode() if path.suffix == ".json" else json.dumps(b64encode(data).decode())
    text = f"LookalikeMap.take({json.dumps(path.name)}, {value});\n"
    path.with_name(f"{path.name}.js").write_text(text, encoding="utf-8")
    path.unlink()
