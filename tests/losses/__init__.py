"""Fault injection: the faults of a shop's operation, and the tests that cover them.

After each fault the last valid generation is served, no product or photo is lost or duplicated, the
next run completes, and the message says what happened. `make test` runs a few rounds of each test,
`pytest tests/losses --soak` hundreds.

| fault | test |
| --- | --- |
| SIGKILL at any step or time of a first ingest, an ingest, a fetch, a reindex, a watch | `test_killed.py` with `killing.py`; one kill or two, on both databases |
| SIGKILL of a reindex with worker processes, under requests | `tests/engine/index/test_kill.py` |
| SIGKILL of an ingest of thousands of rows; of a slow fetch | `tests/catalog/ingest/test_run.py`, `tests/catalog/fetching/test_kill.py` |
| SIGKILL of a process that logs events | `tests/catalog/events/test_queue.py` |
| SIGKILL while training decodes photos or caches views; two trainings with one cache | `tests/engine/training/data/test_photo_bank.py`, `test_cached_views.py` |
| a full disk, for one call or a whole run: ingest, fetch, reindex, delta, watch | `test_full_disk.py` |
| a read-only disk | `test_database_gone.py` |
| the catalogue's file is missing, noise, truncated or corrupt; restored; replaced by a new one | `test_database_gone.py` |
| the cache of vectors is broken | `test_database_gone.py` |
| PostgreSQL ends connections during a reindex and requests; during an ingest; during page views | `test_database_gone.py`, `tests/catalog/ingest/test_together.py`, `tests/web/test_beside_others.py` |
| a locked or missing database of the event log | `tests/catalog/events/test_queue.py` |
| a truncated feed: CSV, gzip, zip, XML | `test_together.py`; from an address: `tests/catalog/fetching/test_feed_download.py` |
| an ingest during a reindex, two reindexes at once | `test_together.py`, `tests/engine/index/test_lock.py` |
| two ingests at once | `tests/catalog/ingest/test_together.py` |
| files of a generation truncated, missing, of an older schema; a stale or truncated CURRENT | `test_harmed.py`; each byte: `tests/engine/index/test_generation.py` |
| vectors of the cache flipped on disk | `test_harmed.py`, `tests/engine/embedding/caches` |
| everything at random for 250 steps, or 10,000: changes, commands, webhooks, kills, two processes at once, wrong clocks; each panel against brute force | `lives/test_lives.py` |
| a disk that a daemon would fill by itself | `test_tidy.py` |
| a clock that is 400 days ahead for a while | `test_clocks.py`, `tests/catalog/events/test_log.py`, `tests/catalog/hooks/test_apply.py` |
| homes and sources whose names are part of an address, a pattern or a command elsewhere | `test_odd_names.py` |
| a generation of another encoder | `test_harmed.py` |
| a broken new generation under a running server | `tests/engine/search/test_live_index.py` |
| generations and deltas published under steady load, with slow clients | `test_publishing.py` |
| hundreds of clients that send or read nothing; SIGHUP under load | `test_slow_clients.py`, through nginx `test_proxy.py`; each deadline and limit: `tests/web/connections` |
"""
