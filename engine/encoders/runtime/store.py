"""Where converted encoders are kept, found by what they were converted from, without torch.

An encoder is converted once, in a process of its own, because that needs torch. Its folder is named
after a digest of the files that the encoder is loaded from, so that another model in the same place
is another folder.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from catalog.errors import Busy
from catalog.files import write_whole
from catalog.lock import exclusive_lock, waiting_lock
from catalog.photos.preprocess import VERSION
from engine import errors
from engine.encoders.encoder import CODE_VERSION
from engine.models import IMAGENETS, shipped

FORMAT = 4  # of a converted encoder's folder
MODEL_FILE, FACTS_FILE, REFUSED_FILE = "encoder.onnx", "encoder.json", "refused.txt"
FOLDER = "onnx"  # in the folder of models
REPORTED = 3  # exit status of a process whose last line is an error of the engine
# The files that an encoder is loaded from; others in its folder do not change its rows.
LOADED = ("open_clip_config.json", "facets.json", "*.safetensors", "open_clip_*.bin")
START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from engine.encoders.runtime.convert import main; main(*sys.argv[2:])"
)


class NotConverted(Exception):
    """The encoder cannot be converted; the message is the reason."""


def converted(name: str, models_dir: Path) -> Path:
    """The folder of a converted encoder; converts it if that has not been done.

    Args:
        name: a shipped model, ``local-dir:PATH``, ``NAME/PRETRAINED`` or ``hf-hub:ORG/MODEL``.
        models_dir: the folder of models that are built on first use.

    Raises:
        NotConverted: it cannot be converted, or not be stored; torch may still load it.
        EncoderUnavailable, CheckpointError: torch cannot load it either.
    """
    try:
        folder = models_dir / FOLDER / source_digest(name, models_dir)
        with waiting_lock(folder.with_suffix(".lock"), "converts the same encoder"):
            if not folder.is_dir():
                _convert(name, models_dir, folder)
        refused = folder / REFUSED_FILE
        if refused.exists():
            raise NotConverted(refused.read_text())
    except OSError as error:
        raise NotConverted(f"it cannot be stored in {models_dir}: {error.strerror}") from error
    return folder


def source_digest(name: str, models_dir: Path) -> str:
    """Identifies the weights that a setting names, and the code that computes rows with them."""
    digest = hashlib.sha256(
        json.dumps([FORMAT, CODE_VERSION, VERSION, version("onnxruntime")]).encode()
    )
    folder = source_folder(name)
    if folder is None:  # of a package or a hub, where a name has always the same weights
        packages = [version(one) for one in ("open-clip-torch", "timm")]
        digest.update(json.dumps([name, packages]).encode())
        return digest.hexdigest()[:24]
    for path in sorted(path for pattern in LOADED for path in folder.glob(pattern)):
        digest.update(path.name.encode() + bytes.fromhex(file_digest(path)))
    return digest.hexdigest()[:24]


def file_digest(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def unused(name: str, models_dir: Path, kept: Collection[str]) -> list[Path]:
    """Folders of converted encoders that are not needed, and of conversions that were killed.

    Needed are that of an encoder, and those of fingerprints unless another version of the code
    wrote them. What somebody converts at this moment is left out.

    Args:
        name: the encoder that is in use, as for `converted`.
        models_dir: the folder of models that are built on first use.
        kept: fingerprints.
    """
    folder = models_dir / FOLDER
    try:
        current = source_digest(name, models_dir)
    except PackageNotFoundError:  # then nothing is converted either
        return []
    of_current = _fingerprint(folder / current)
    found = []
    for path in sorted(one for one in folder.glob("*") if one.is_dir()):
        digest, _, draft = path.name.partition(".")
        fingerprint = _fingerprint(path)
        needed = digest == current or (fingerprint in kept and fingerprint != of_current)
        with suppress(Busy), exclusive_lock(folder / f"{digest}.lock", "conversion"):
            if draft or not needed:
                found.append(path)
    return found


def _fingerprint(folder: Path) -> str | None:
    """The fingerprint of a converted encoder; None where it is not known."""
    try:
        found: str = json.loads((folder / FACTS_FILE).read_text())["fingerprint"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found


def source_folder(name: str) -> Path | None:
    """The open_clip folder that a setting names, or None for a model of a package or a hub."""
    if name in IMAGENETS:
        return None
    if name.startswith("local-dir:"):
        return Path(name.removeprefix("local-dir:")).expanduser()
    return shipped().get(name)


def _convert(name: str, models_dir: Path, folder: Path) -> None:
    """Convert in another process, as torch would stay in this one's memory."""
    draft = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    try:
        command = [sys.executable, "-c", START, json.dumps(sys.path)]
        done = subprocess.run(
            [*command, name, str(models_dir), str(draft)], capture_output=True, text=True
        )
        lines = (done.stdout if done.returncode == REPORTED else done.stderr).strip().splitlines()
        if done.returncode == REPORTED:
            kind, message = json.loads(lines[-1])
            raise getattr(errors, kind)(message)
        if done.returncode:
            reason = lines[-1] if lines else f"its process ended with status {done.returncode}"
            (draft / MODEL_FILE).unlink(missing_ok=True)
            write_whole(draft / REFUSED_FILE, reason)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
