"""When, and in what order: the Prefect flow and the command line. No logic."""

import gc

# Prefect and Great Expectations make a million objects that stay while they are imported. By default Python goes
# through all of them again and again meanwhile: a third of those seconds (measured by `python -m benchmarks stages`).
gc.set_threshold(50_000, 20, 50)
