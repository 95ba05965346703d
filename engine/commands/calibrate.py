"""`lookalike calibrate`: learn what a cosine is worth in percent, and keep it with the model."""

from pathlib import Path

import click

from catalog.console import plain_errors
from catalog.settings import CatalogSettings
from engine.calibration.held_out_pairs import HeldOutSet, fitting_half
from engine.calibration.store import save_path
from engine.commands.evaluate import ALL, split_option, watched
from engine.embedding.pooling import pool_products
from engine.encoders import loading
from engine.errors import EngineError
from engine.evaluation.data import embed_photos, from_catalogue, from_sources
from engine.labels.label_file import read_rules
from engine.labels.labels import RULES, label_products
from engine.settings import EngineSettings


@click.command("calibrate")
@click.option(
    "--data",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A source to learn from, read in place; may be given again. Default: the catalogue.",
)
@split_option
@click.option("--encoder", help="As LOOKALIKE_ENCODER; default: that setting.")
@click.option("--labels", type=click.Path(path_type=Path), help="A TOML file of label rules.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Default: calibration.json in a local-dir: model's folder; for others, in the home.",
)
@plain_errors(EngineError, OSError)
def calibrate_command(
    data: tuple[Path, ...], split: str, encoder: str | None, labels: Path | None, out: Path | None
) -> None:
    """Learn which cosine means which match in percent, from products not trained on.

    Half of them are learned from and the others judge. What is kept belongs to this encoder and
    its default facet weights; the next `lookalike reindex` takes it along.
    """
    from engine.calibration.fitting import EncoderId, calibrate  # loads scikit-learn

    settings, photos = EngineSettings(), CatalogSettings()
    rules = read_rules(labels) if labels else RULES
    material = from_sources(data) if data else from_catalogue(photos)
    if split != ALL:
        material = material.held_out(split)
    loaded = loading.load(settings, encoder or settings.encoder)
    with watched(len(material.photos)) as show:
        rows, kept = embed_photos(
            material.photos,
            {"encoder": loaded.encode},
            side=2 * loaded.image_size,
            settings=photos,
            on_progress=show,
        )
    shown = material.only(kept)
    if not shown.products:
        raise EngineError(
            "There is no readable photo to learn from. Ingest more, give --data, or --split all."
        )
    held = HeldOutSet.of(
        shown.products,
        pool_products(rows["encoder"], shown.owners, loaded.layout),
        label_products(shown.products, rules),
    )
    encoder_id = EncoderId(loaded.name, loaded.fingerprint)
    fitted = calibrate(held, fitting_half(shown.products), encoder_id)
    path = out or save_path(settings.models_dir, loaded)
    fitted.save(path)
    error = "not measured" if fitted.error is None else f"{fitted.error:.3f}"
    click.echo(
        f"{path}: learned from {fitted.fitted_on:,} products, {len(fitted.categories)} categories "
        f"of their own; calibration error on the other half {error}. Next: lookalike reindex"
    )


COMMANDS = [calibrate_command]
