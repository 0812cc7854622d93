"""The one error of the devcluster: a message that says what to do."""


class DevClusterError(Exception):
    """Something about the devcluster went wrong; the message is for the person at the terminal."""
