"""Whom products are for: gender and age group, and which of them fit each other."""

import numpy as np

from engine.arrays import Bool, Int32, Int64

NO_CODE = -1  # code of a gender or age group that fits everyone, or is not known
FITS_ALL = frozenset({None, "unisex"})


def fits(wanted: Int32 | Int64 | np.int32, offered: Int32 | Int64) -> Bool:
    """Where two genders, or two age groups, fit each other; `NO_CODE` fits all.

    Args:
        wanted: codes of the seeds.
        offered: codes of other products; the two are broadcast.
    """
    return np.asarray((offered == wanted) | (offered == NO_CODE) | (wanted == NO_CODE))
