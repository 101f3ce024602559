"""The pure part: types, plan, parsing, statistics, prices, errors. Nothing here reads a clock, a file or a network."""
