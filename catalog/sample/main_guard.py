"""Detects scripts without an ``if __name__ == "__main__":`` guard.

A spawned worker process first runs the script of its parent again, under another name. Without a
guard, the script would start processes in every worker; multiprocessing refuses that, and all that
the parent learns is that its workers died.
"""

import sys
from pathlib import Path

UNGUARDED = """\
Worker processes import the script {script} again, and it starts them outside a guard. Put the \
part that does so under one:

    if __name__ == "__main__":
        {call}"""


def is_reimporting_script() -> bool:
    """Whether this process is a worker that is just running its parent's script again."""
    script = sys.modules.get("__mp_main__")  # it becomes "__main__" once it has run to its end
    return script is not None and script is not sys.modules.get("__main__")


def unguarded_script() -> Path | None:
    """The script that this process runs, if it never looks at its ``__name__``."""
    name = getattr(sys.modules.get("__main__"), "__file__", None)
    try:
        return Path(name) if name and b"__name__" not in Path(name).read_bytes() else None
    except OSError:  # of another kind than a file of source
        return None
