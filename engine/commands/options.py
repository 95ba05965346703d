"""What several commands read from their options."""

from collections.abc import Sequence

import click


def parse_facet_weights(pairs: Sequence[str]) -> dict[str, float]:
    """Facet -> weight of ``--facet colour=2`` and the like; whether they make sense is for later.

    Raises:
        click.BadParameter: one that is not NAME=WEIGHT.
    """
    weights = {}
    for pair in pairs:
        name, _, weight = pair.partition("=")
        try:
            weights[name.strip()] = float(weight)
        except ValueError:
            raise click.BadParameter(
                f"{pair!r} is not NAME=WEIGHT, such as colour=2.", param_hint="--facet"
            ) from None
    return weights
