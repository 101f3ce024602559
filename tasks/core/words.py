"""Numbers in sentences, as pages and the command line say them."""


def counted(n: int, noun: str, plural: str | None = None) -> str:
    """A count and its noun: 1 call, 10,000 calls."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"
