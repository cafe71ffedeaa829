"""The one error of the package."""


class ProtocolError(ValueError):
    """Something given to the protocol cannot be used.

    ``field`` names what was given (for example ``config.daytime_days``), ``message`` says what to do, in
    words that a page or the command can show as they are.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message
