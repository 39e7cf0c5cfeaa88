"""The benchmarks. Each prints a row and adds named figures to one flat map."""
