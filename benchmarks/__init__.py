"""Benchmarks: `make bench`. Each prints a ratio of two ways to do the same work, measured in turn in one run."""
