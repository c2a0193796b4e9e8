"""Dagster, thin: assets, checks, schedule, sensors, resources, partitions.

An asset reads, calls, writes. What is computed lies in the stages and in sql/; here is only
who meets whom, in groups named like the stages.
"""
