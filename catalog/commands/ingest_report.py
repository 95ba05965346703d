"""The summary that ``ingest`` prints."""

from collections.abc import Iterator

from catalog.records import IngestReport

MOST_WORDS = 5  # unknown words that are named


def format_report(report: IngestReport) -> Iterator[str]:
    """The lines of an ingest's summary."""
    if report.not_modified:
        yield f"{report.source}: not modified since it was last read. Nothing to do."
        return
    kept = report.inserted + report.updated + report.unchanged
    unknown = sum(report.unknown_words.values())
    if unknown * 2 > kept:
        yield f"Note: most of these products are not on sale. {unknown_words(report)}"
    yield (
        f"{report.source}: {report.inserted:,} inserted, {report.updated:,} updated, "
        f"{report.unchanged:,} unchanged, {report.retired:,} retired, "
        f"{report.rejected:,} rejected in {report.seconds:.1f} s"
    )
    waiting = f", {report.photos_waiting:,} waiting to be fetched" if report.photos_waiting else ""
    yield f"Photos: {report.photos_ready:,} ready, {report.photos_rejected:,} rejected{waiting}"
    if report.moved:
        yield f"{report.moved:,} of the updated products came from another source before."
    if report.left_out:
        values = "value was" if report.left_out == 1 else "values were"
        yield f"{report.left_out:,} {values} left out of products that were kept."
    if 0 < unknown * 2 <= kept:
        yield f"Note: {unknown_words(report)}"
    if report.rejects_file:
        yield f"Rejected rows and photos, and values left out, with reasons: {report.rejects_file}"
    if report.sync_note:
        yield f"Note: {report.sync_note}."
    yield _next_step(report)


def nothing_worked(report: IngestReport) -> bool:
    """Whether the source had rows, or photos, and not one of them can be used."""
    kept = report.inserted + report.updated + report.unchanged
    if report.not_modified:
        return False
    photos = report.photos_ready + report.photos_waiting
    no_row = kept == 0 and report.rejected > 0
    return no_row or (photos == 0 and (kept > 0 or report.photos_rejected > 0))


def _next_step(report: IngestReport) -> str:
    """The one command that helps next."""
    changed = report.inserted or report.updated or report.retired
    kept = report.inserted + report.updated + report.unchanged
    if report.photos_waiting:
        return "Next: lookalike fetch, then lookalike reindex"
    if kept and not report.photos_ready and not report.photos_rejected:
        return (
            "No product of this source has a photo, so none can be found by its looks. Next: "
            "ingest it again with --columns photos=COLUMN, the column of photo paths or addresses"
        )
    if nothing_worked(report):
        what = "photo" if kept else "row"
        return f"No {what} of this source can be used. Next: correct it, and ingest it again"
    return "Next: lookalike reindex" if changed else "Nothing changed."


def unknown_words(report: IngestReport) -> str:
    """Which words of availability are not known, and what to do about it."""
    words = report.unknown_words
    named = ", ".join(f"{word!r} {count:,}" for word, count in list(words.items())[:MOST_WORDS])
    more = f" and {len(words) - MOST_WORDS:,} more" if len(words) > MOST_WORDS else ""
    return (
        f"Unknown words of availability count as out of stock: {named}{more}. List those that "
        "mean something else under [availability] in the file that LOOKALIKE_WORDS names, such "
        'as in_stock = ["ready"].'
    )
