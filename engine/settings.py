"""The engine's settings: the only file of this package that reads the environment."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from catalog.settings import HomeSettings
from catalog.shared_files import check_address


class Colourways(StrEnum):
    """What panels do with other colours of one design, found by looks and title together.

    ``fold``: a design has one place, which offers its other colours. ``show``: each colour may have
    a place of its own, and those of the seed are offered. ``off``: none are looked for.
    """

    FOLD = "fold"
    SHOW = "show"
    OFF = "off"


class EngineSettings(HomeSettings):
    """Settings of the encoder and the index; every field is ``LOOKALIKE_<NAME>``."""

    encoder: str = Field(
        default="default",
        description="a shipped model's name, local-dir:PATH, NAME/PRETRAINED or hf-hub:ORG/MODEL",
    )
    device: str = Field(default="auto", description="auto, cpu, cuda or cuda:N")
    runtime: Literal["auto", "torch"] = Field(
        default="auto",
        description="what encodes photos; auto: ONNX Runtime on the CPU, torch on a GPU; torch: "
        "torch everywhere",
    )
    precision: Literal["float32", "bfloat16"] = Field(
        default="float32",
        description="what the image tower computes in; bfloat16 needs less time on a GPU, runs by "
        "torch everywhere, and gives other vectors: photos are embedded anew",
    )
    workers: int = Field(
        default=0, ge=0, description="processes that decode photos; 0: one for each core"
    )
    threads: int = Field(
        default=0, ge=0, description="threads of the encoder; 0: one for each core"
    )
    batch_size: int = Field(default=64, gt=0, description="photos in a batch when embedding")
    embedder: Literal["local", "ray"] = Field(
        default="local",
        description="what embeds photos for the index: local, this machine; ray, the machines of a "
        "Ray cluster",
    )
    ray_address: str = Field(
        default="",
        description="the Ray cluster that embeds, such as auto, on a machine of it, or host:6379; "
        "default: one is started on this machine for each run",
    )
    vector_cache: str = Field(
        default="",
        description="where vectors of photos are cached: empty, a file in the home; a folder or an "
        "address such as s3://bucket/path, Parquet files that machines share",
    )
    store: Literal["annoy", "pgvector", "milvus"] = Field(
        default="annoy",
        description="what holds the index: annoy, files in the home; pgvector, the catalogue's "
        "PostgreSQL, for many web servers; milvus, a server or cluster of Milvus, for far more "
        "products",
    )
    milvus_address: str = Field(
        default="http://127.0.0.1:19530",
        pattern=r"^(https?|tcp)://[^\s/@]+(/[^\s@]*)?$",
        description="where Milvus is; https:// for TLS, /NAME at the end for one of its databases",
    )
    milvus_token: SecretStr | None = Field(
        default=None, description="user:password, or a key, for Milvus"
    )
    shared_index: str | None = Field(
        default=None,
        description="folder or s3://BUCKET/FOLDER where the store annoy keeps the index for "
        "several web servers; each has a copy in its home; needs a catalogue in PostgreSQL",
    )
    trees: int = Field(default=50, gt=0, description="trees of the Annoy index")
    search_k: int = Field(
        default=0,
        ge=0,
        description="index nodes that a query inspects; 0: derived from the number of trees",
    )
    keep_generations: int = Field(default=2, ge=1, description="published generations kept on disk")
    min_recall: float = Field(
        default=0.99, ge=0, le=1, description="a generation below this recall@10 is not published"
    )
    min_facet_recall: float = Field(
        default=0.9,
        ge=0,
        le=1,
        description="nor is one below this by a facet alone; LOOKALIKE_MIN_RECALL is the aim",
    )

    colourways: Colourways = Field(
        default=Colourways.FOLD,
        description="other colours of a design: fold, one place in a panel for each design; show, "
        "each may have a place; off, none are looked for",
    )
    delta_share: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="`lookalike watch` rebuilds the index when more than this share of it, and "
        "more than 100 products, changed since it was built; 0: at every change",
    )

    lease_seconds: float = Field(
        default=30,
        ge=1,
        le=3600,
        description="seconds after which the work of a `lookalike watch` that is gone goes to "
        "another one, where several web servers share the index",
    )

    @field_validator("shared_index")
    @classmethod
    def _can_be_shared(cls, address: str | None) -> str | None:
        return None if address is None else check_address(address)

    @property
    def index_is_shared(self) -> bool:
        """Whether several homes answer from one index, so that one of them works for all."""
        return self.store != "annoy" or self.shared_index is not None

    @property
    def index_dir(self) -> Path:
        """The folder of generations and their ``CURRENT`` pointer."""
        return self.resolved_home / "index"

    @property
    def vectors_file(self) -> Path:
        """The file of cached photo vectors."""
        return self.resolved_home / "vectors.db"

    @property
    def models_dir(self) -> Path:
        """The folder of encoders that were built or trained here."""
        return self.resolved_home / "models"


def send_no_usage_to_ray() -> None:
    """Keep the Ray that this process starts from reporting to its makers, unless that is set."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
