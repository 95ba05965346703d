"""Nothing lost: what goes wrong in a shop, and the test that shows what comes of it.

After each fault the last good generation is served, no product or photo state is lost or doubled,
the next run completes, and the message says what happened. `make test` goes through a few rounds of
each; `pytest tests/losses --soak` through hundreds.

| fault | shown by |
| --- | --- |
| SIGKILL at any step or moment of a first ingest, an ingest, a fetch, a reindex, a watch | `test_killed.py`, by `killing.py`; once, twice, on both databases |
| SIGKILL of a reindex with worker processes, asked all the while | `tests/engine/index/test_kill.py` |
| SIGKILL of an ingest of thousands of rows; of a slow fetch | `tests/catalog/ingest/test_run.py`, `tests/catalog/fetching/test_kill.py` |
| SIGKILL of a process that logs events | `tests/catalog/events/test_queue.py` |
| SIGKILL while training decodes photos or caches views; two trainings over one cache | `tests/engine/training/data/test_photo_bank.py`, `test_cached_views.py` |
| a disk that is full, for one call or for a whole run: ingest, fetch, reindex, delta, watch | `test_full_disk.py` |
| a disk that can only be read | `test_database_gone.py` |
| the catalogue's file is gone, noise, cut off or garbled; put back; begun anew | `test_database_gone.py` |
| the cache of vectors is broken | `test_database_gone.py` |
| PostgreSQL ends connections beside a reindex and a server; beside an ingest; beside pages | `test_database_gone.py`, `tests/catalog/ingest/test_together.py`, `tests/web/test_beside_others.py` |
| a locked or missing database under the event log | `tests/catalog/events/test_queue.py` |
| a feed that ends too early: CSV, gzip, zip, XML | `test_together.py`; from an address: `tests/catalog/fetching/test_feed_download.py` |
| a reindex beside an ingest, two reindexes at once | `test_together.py`, `tests/engine/index/test_lock.py` |
| two ingests at once | `tests/catalog/ingest/test_together.py` |
| files of a generation cut off, gone, of an older schema; a stale or half CURRENT | `test_harmed.py`; each byte of them: `tests/engine/index/test_generation.py` |
| a generation of another encoder | `test_harmed.py` |
| a newcomer that is broken, under a server | `tests/engine/search/test_live_index.py` |
| generations and deltas published under steady load | `test_publishing.py` |
"""
