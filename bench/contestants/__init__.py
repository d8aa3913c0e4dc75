"""The contestants: each a program that works through the source with another engine.

Each is run as `python -m bench.contestants.NAME GIVEN`, GIVEN as `bench.contestants.given.Given`
says, and prints the lines of a `Meter`. `bench.contest` starts, measures, checks and ends it.
"""
