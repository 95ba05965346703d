"""By how much a wrong clock is ahead."""

from datetime import timedelta

AHEAD = timedelta(days=400)
