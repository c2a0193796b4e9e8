"""Where SQL runs and where Parquet lies: the only door to DuckDB and to a workspace's files."""
