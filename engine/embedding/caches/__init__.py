"""Where vectors of photos are cached: a SQLite file, or Parquet files that machines share."""
