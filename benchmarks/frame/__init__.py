"""What all benchmarks share: figures, a run of topics in turns, and how it is shown."""
