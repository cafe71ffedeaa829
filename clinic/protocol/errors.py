"""The one error of the package."""


class ProtocolError(ValueError):
    """Something given to the protocol cannot be used.

    ``field`` names what was given (for example ``config.daytime_days``), ``message`` says what to do, in
    words that a page or the command can show as they are. ``other`` is the key of another value that the message
    names, "" for none: a page that shows values by their titles puts the title in its place.
    """

    def __init__(self, field: str, message: str, *, other: str = "") -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message
        self.other = other
