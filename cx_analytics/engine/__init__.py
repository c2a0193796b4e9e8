"""Where SQL runs and where Parquet lies: the only door to DuckDB and to the files of a workspace."""
