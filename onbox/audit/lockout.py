"""The guard against a lockout: how many checks of an administrator failed lately, and what that forbids."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from onbox.errors import OnboxError

# Documented: five failed logins lock the account for 60 minutes.
# Whether those through rsautil count is not, so they do here.
LOCKOUT = timedelta(minutes=60)
_WARN_FROM, _REFUSE_FROM = 3, 4


@dataclass(frozen=True)
class Guard:
    """How close an administrator is to a lockout: the failed checks of the last 60 minutes."""

    admin: str
    count: int
    until: datetime | None

    @property
    def warns(self) -> bool:
        """Tell whether the person must be asked before another try."""
        return self.count >= _WARN_FROM

    def require_room(self) -> None:
        """See that one more wrong password could not lock the account.

        Raises:
            OnboxError: when it could; it says until when.
        """
        if self.until is not None:
            until = f"{self.until.astimezone():%H:%M on %Y-%m-%d}"
            raise OnboxError("lockout-guard", admin=self.admin, count=self.count, until=until)


def guard(admin: str, denials: list[datetime]) -> Guard:
    """Weigh the DENIALS of ADMIN in the last 60 minutes, the oldest first."""
    blocked = len(denials) >= _REFUSE_FROM
    return Guard(admin, len(denials), denials[-_REFUSE_FROM] + LOCKOUT if blocked else None)
