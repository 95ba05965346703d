"""The triplet stage: what teaches an encoder what looks alike. Only commands import it."""
