"""Spark, for those whose sessions outgrow one machine: the same models, transpiled, on a cluster.

    dialect.py    DuckDB's SQL into Spark's, or a refusal that names what would differ
    names.py      what Spark has no words for: COLUMNS('…') and UNION ALL BY NAME, written out
    session.py    Java, pyspark and the one connection to a cluster
    engine.py     the engine itself, of the shape `contracts.ports.SqlEngine`

Nothing here is imported unless `[engine] kind = "spark"`.
"""
