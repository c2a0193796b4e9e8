"""What data means: feeds, tables, attributes, the words of a diagnosis, and errors.

The lowest floor: everything may look here, and this package looks at nothing of ours.
A contract is data. Parsing, quarantine reasons, quality checks, warehouse DDL and comments,
Dagster column schemas and `docs/tables.md` all follow from it.
"""
