import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import Busy
from engine.index.lock import exclusive_lock

HOLD = """
import sys, time
from pathlib import Path
from engine.index.lock import exclusive_lock
with exclusive_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_second_is_told_who_holds_it_and_a_killed_holder_holds_nothing(tmp_path: Path):
    path = tmp_path / "index" / "LOCK"
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        with (
            pytest.raises(Busy, match=rf"process {holder.pid}.*run this one again"),
            exclusive_lock(path),
        ):
            pytest.fail("both hold it")
        holder.kill()
    with exclusive_lock(path), pytest.raises(Busy), exclusive_lock(path):
        pytest.fail("both hold it")
    with exclusive_lock(path):
        pass
