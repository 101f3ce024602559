"""Errors that an operator can mend. Anything else that is raised means that we are broken."""


class FlipbookError(Exception):
    """One clear sentence that names what to fix. `exit_code` is the command line's."""

    exit_code = 1


class UsageError(FlipbookError):
    """Wrong usage or wrong input: an unknown study, a missing key, a file that is no recording."""

    exit_code = 2


class DayOverError(UsageError):
    """A scheduled run that begins after its day: another day's answers are another day's."""


class WarehouseHeldError(FlipbookError):
    """Another process holds the warehouse and did not let go within the wait."""
