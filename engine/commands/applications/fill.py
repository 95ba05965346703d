"""`lookalike ingest --fill`: proposes words for the products that lack them."""

from collections.abc import Mapping, Sequence

import click

from catalog.commands.catalogue import ingest_command
from catalog.console import note, plain_errors, progress
from catalog.database.database import Database
from catalog.desk.proposals import Proposals
from catalog.photos.decode_squares import PhotoFile
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from catalog.text import counted
from engine.applications.recognition.fill import propose
from engine.applications.recognition.recognition import recogniser_of
from engine.arrays import Float32
from engine.embedding.cached_rows import load_or_embed
from engine.embedding.caches.choose import open_cache
from engine.embedding.product_rows import product_rows
from engine.encoders import loading
from engine.encoders.encoder import Encoder
from engine.errors import EngineError, GenerationError, NoGeneration
from engine.index.generation import Generation
from engine.search.live_index import LiveIndex
from engine.settings import EngineSettings

LATER = "Run `lookalike reindex`, then ingest with --fill again."


def filling(command: click.Command) -> click.Command:
    """The command, with an option ``--fill`` that is followed when it has succeeded."""

    @plain_errors(EngineError, OSError)
    def run(*, fill: bool, **options: object) -> None:
        if command.callback is not None:
            command.callback(**options)
        if fill:
            fill_catalogue()

    option = click.Option(
        ["--fill"],
        is_flag=True,
        help="Then propose words for products that lack them, by their nearest neighbours in the "
        "index; the shop's own words stay.",
    )
    return click.Command(
        command.name, params=[*command.params, option], callback=run, help=command.help
    )


def fill_catalogue() -> None:
    """Propose words for all products of the catalogue that lack some, and keep them."""
    settings, caps = EngineSettings(), CatalogSettings()
    with Database.open(caps) as database:
        catalogue = Catalogue(database)
        try:
            generation = LiveIndex.of(settings, catalogue).current().generation
        except NoGeneration:
            note(f"There is no index to recognise by, so nothing is proposed. {LATER}")
            return
        recogniser = recogniser_of(generation, catalogue, settings)
        rows = NewRows(generation, catalogue, settings, caps)
        with progress("Recognise", "products") as show:
            found = list(
                propose(recogniser, generation, catalogue, rows, lambda done: show(done, None))
            )
        kept = Proposals(database).replace(found)
    click.echo(
        f"{counted(kept, 'word')} proposed for products that lack them. The desk accepts or "
        "dismisses them at /desk/proposals; until then they change nothing."
    )


class NewRows:
    """Rows of products that a generation lacks; their photos are embedded into the cache.

    Args:
        generation: the live one, whose encoder embeds.
        catalogue: of the products.
        settings, caps: of the encoder, and of photos.
    """

    def __init__(
        self,
        generation: Generation,
        catalogue: Catalogue,
        settings: EngineSettings,
        caps: CatalogSettings,
    ) -> None:
        self._generation, self._catalogue = generation, catalogue
        self._settings, self._caps = settings, caps
        self._encoder: Encoder | None = None

    def __call__(self, product_ids: Sequence[str]) -> Mapping[str, Float32]:
        """The rows of the products that have photos which can be read, by id.

        Raises:
            EncoderError: the encoder of the generation is not available.
            GenerationError: it has changed since.
        """
        products = self._catalogue.products(product_ids)
        photos = [photo for product in products.values() for photo in product.photos]
        if not photos:
            return {}
        encoder = self._loaded()
        files = [PhotoFile(photo.path, photo.content_hash) for photo in photos]
        with open_cache(self._settings) as cache:
            known, _ = load_or_embed(files, encoder, self._settings, self._caps, cache)
        hashes = {
            product_id: [photo.content_hash for photo in product.photos]
            for product_id, product in products.items()
        }
        ids, rows = product_rows(hashes, known, self._generation.layout)
        return dict(zip(ids, rows, strict=True))

    def _loaded(self) -> Encoder:
        manifest = self._generation.manifest
        if self._encoder is None:
            self._encoder = loading.load(self._settings, manifest.encoder)
            if self._encoder.fingerprint != manifest.fingerprint:
                raise GenerationError(
                    f"The encoder {manifest.encoder!r} has changed since generation "
                    f"{manifest.name} was built. Run `lookalike reindex`."
                )
        return self._encoder


ingest_with_fill = filling(ingest_command)
