"""What `make bench` measures: speed, memory and size, each beside a floor of the same run."""
