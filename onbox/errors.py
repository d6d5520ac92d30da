"""What can go wrong: one exception, whose words and exit code stand in `messages`."""

from onbox.messages import MESSAGES, Message


class OnboxError(Exception):
    """A run can't go on; KEY names the message that says why, FACTS fill its gaps."""

    def __init__(self, key: str, /, **facts: object) -> None:
        """Take the message KEY and the FACTS that its text names."""
        super().__init__(key)
        self.key = key
        self.message: Message = MESSAGES[key].filled(facts)

    def __str__(self) -> str:
        """Say what happened, without advice."""
        return self.message.what
