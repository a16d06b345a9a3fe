"""What can go wrong while a fixture is made; every message ends with the way out."""


class CnnVerifyError(Exception):
    """Base of all errors this package raises on purpose."""


class FormatError(CnnVerifyError):
    """The content handed to the writer is not a valid fixture."""


class CaptureError(CnnVerifyError):
    """The user's code does something that cannot be captured faithfully."""


class SelfCheckError(CnnVerifyError):
    """What was captured does not reproduce itself, so it must not become a reference."""
