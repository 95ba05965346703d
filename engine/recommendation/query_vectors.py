"""The query vectors of a request: rows of its seeds, or the embedding of a photo or a text."""

import threading
from collections.abc import Callable, Sequence

from catalog.products.catalogue import Catalogue
from engine.arrays import Float32
from engine.encoders import loading
from engine.encoders.encoder import Encoder, encodes_texts
from engine.errors import EncoderError, GenerationError, NotIndexed
from engine.index.generation import Generation
from engine.recommendation.photo import EmbeddedPhoto, Photo
from engine.settings import EngineSettings

EncoderLoader = Callable[[EngineSettings, str], Encoder]


def encoder_loader(encoder: Encoder | EncoderLoader | None) -> EncoderLoader:
    """The loader of a given encoder, or the given loader; `loading.load` by default.

    Raises:
        TypeError: it is neither.
    """
    if encoder is None:
        return loading.load
    if isinstance(encoder, Encoder):
        return lambda *_: encoder
    if callable(encoder):
        return encoder
    raise TypeError(
        f"encoder must be an engine.encoders.encoder.Encoder or a function of settings and a name "
        f"that returns one, not {encoder!r}."
    )


class QueryVectors:
    """Looks products up in a generation and embeds photos; safe to share between threads.

    Args:
        settings: for the encoder.
        catalogue: for the reason why a product has no row.
        load_encoder: loads the encoder of a name; called at the first photo, and again when a
            generation has another encoder.
    """

    def __init__(
        self, settings: EngineSettings, catalogue: Catalogue, load_encoder: EncoderLoader
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._load_encoder = load_encoder
        self._encoder: Encoder | None = None
        self._lock = threading.Lock()

    def of_products(self, generation: Generation, product_ids: Sequence[str]) -> Float32:
        """``(S, D)`` float32 rows of products.

        Raises:
            catalog.errors.UnknownProduct: a product is not in the catalogue.
            NotIndexed: a product has no row.
        """
        self.check_products(generation, product_ids)
        return generation.vectors[[generation.row_of[one] for one in product_ids]]

    def check_products(self, generation: Generation, product_ids: Sequence[str]) -> None:
        """Check that products have rows.

        Raises:
            UnknownProduct, NotIndexed: as for `of_products`.
        """
        for product_id in product_ids:
            if product_id not in generation.row_of:
                raise self._not_indexed(product_id)

    def of_image(self, generation: Generation, photo: Photo) -> Float32:
        """``(1, D)`` float32, a photo's embedding by the encoder that made the generation.

        Raises:
            EncoderError: the encoder is not available.
            GenerationError: it is another version than the generation's.
        """
        return self.embed(generation, photo).vectors

    def embed(self, generation: Generation, photo: Photo) -> EmbeddedPhoto:
        """A photo with its embedding, for several answers; errors as for `of_image`.

        One that is embedded already is embedded again only if the generation's encoder changed.
        """
        fingerprint = generation.manifest.fingerprint
        if isinstance(photo, EmbeddedPhoto):
            if photo.fingerprint == fingerprint:
                return photo
            photo = photo.image
        return EmbeddedPhoto(photo, self._encoder_of(generation).encode([photo]), fingerprint)

    def of_texts(self, generation: Generation, texts: Sequence[str]) -> Float32:
        """``(T, D)`` float32 rows of texts, by the encoder that made the generation.

        Raises:
            EncoderError: the encoder is not available, or embeds no texts.
            GenerationError: it is another version than the generation's.
        """
        encoder = encodes_texts(self._encoder_of(generation))
        if encoder is None:
            raise EncoderError(
                f"The encoder {generation.manifest.encoder!r} embeds photos only. Search in words "
                "by looks needs one that embeds texts, such as the shipped one."
            )
        return encoder.encode_texts(texts)

    def has_encoder(self, generation: Generation) -> bool:
        """Whether the encoder of a generation is loaded."""
        encoder = self._encoder
        return encoder is not None and encoder.fingerprint == generation.manifest.fingerprint

    def _not_indexed(self, product_id: str) -> NotIndexed:
        product = self._catalogue.product(product_id)  # raises if there is none
        if product.retired:
            return NotIndexed(f"Product {product_id!r} is retired: it is not sold any more.")
        if not product.photos:
            return NotIndexed(
                f"Product {product_id!r} has no usable photo, so nothing can look like it. "
                "Give it one in its source and ingest that again."
            )
        return NotIndexed(
            f"Product {product_id!r} is not in the index: it came in after the index was built, "
            "or its photos could not be read. Run `lookalike reindex`."
        )

    def _encoder_of(self, generation: Generation) -> Encoder:
        manifest = generation.manifest
        with self._lock:
            if self._encoder is None or self._encoder.fingerprint != manifest.fingerprint:
                encoder = self._load_encoder(self._settings, manifest.encoder)
                if encoder.fingerprint != manifest.fingerprint:
                    raise GenerationError(
                        f"The encoder {manifest.encoder!r} has changed since generation "
                        f"{manifest.name} was built. Run `lookalike reindex`."
                    )
                self._encoder = encoder
            return self._encoder
