"""What we claim about speed and size, measured: `make bench` prints the table of docs/operations/benchmarks.md."""
