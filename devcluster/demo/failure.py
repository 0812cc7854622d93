"""The one error of the demo."""


class DemoError(Exception):
    """Something that the demo promises did not come true; the message is for the person at the terminal."""
