"""Benchmarks: the product against yardsticks in the same round, as ratios. `./dev bench`."""
