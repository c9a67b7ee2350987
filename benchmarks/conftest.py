"""Benchmarks print ratios of one run wherever the machine's noise would matter; goals are in docs/performance.md."""
