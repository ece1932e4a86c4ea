"""Benchmarks: each runs its alternatives side by side in one run and prints the ratios."""
