"""Benchmarks: each prints a table, writes JSON on request, and says what it did not measure."""
