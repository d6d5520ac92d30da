"""The guard against a lockout: the only counter of failed logins.

The vendor documents that five failed logins lock the account for 60 minutes (docs/appliance.md).
Whether a login through rsautil counts is not documented, so it counts here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from onbox.audit.history import admin_of, shown, time_of
from onbox.audit.record import DENIED, Record
from onbox.errors import OnboxError

LOCKOUT = timedelta(minutes=60)
_WARN_FROM, _REFUSE_FROM = 3, 4
# During an update rsautil asks for the password again if it did not accept the first one.
_DENIED_LATE = "update-asked-again"
_DAY = timedelta(days=1)
# So many older records are read as well: they show whether the clock was wrong when the newer ones were written.
_LOOK_BACK = 100


@dataclass(frozen=True)
class Guard:
    """How close the account ADMIN is to a lockout: the failed logins of the last 60 minutes.

    `until` says until when another try is refused (None: it is not).
    `rests_on_correction` says that it would not be refused if the times on record were right,
    so the person may go on by typing the administrator's name.
    """

    admin: str
    count: int = 0
    until: datetime | None = None
    rests_on_correction: bool = False

    @property
    def warns(self) -> bool:
        """Tell whether the person must be asked before another try."""
        return self.count >= _WARN_FROM

    def require_room(self) -> None:
        """See that one more wrong password could not lock the account.

        Raises:
            OnboxError: if it could; it says until when.
        """
        if self.until is not None:
            raise OnboxError("lockout-guard", admin=self.admin, count=self.count, until=shown(self.until))


def guard(newest_first: Iterable[Record], admin: str, now: datetime) -> Guard:
    """Count the failed logins of ADMIN until NOW, in upper or lower case."""
    found = (each for each in guards(newest_first, now) if each.admin.casefold() == admin.casefold())
    return next(found, Guard(admin))


def guards(newest_first: Iterable[Record], now: datetime) -> list[Guard]:
    """Count the failed logins of each administrator who had one in the 60 minutes before NOW.

    Whether the appliance tells upper from lower case is not documented, so they are the same here.
    """
    begin = now - LOCKOUT
    failed: dict[str, list[tuple[Record, datetime]]] = {}
    for record, time in _corrected(_recent(newest_first, begin), now):
        if time >= begin and (record.get("event") == DENIED or record.get("code") == _DENIED_LATE):
            failed.setdefault(admin_of(record).casefold(), []).append((record, time))
    return [_guard(logins, begin, now) for logins in failed.values()]


def _guard(logins: list[tuple[Record, datetime]], begin: datetime, now: datetime) -> Guard:
    """Weigh the LOGINS of one administrator, the newest first."""
    admin = admin_of(logins[0][0])
    if len(logins) < _REFUSE_FROM:
        return Guard(admin, len(logins))
    certain = [record for record, _ in logins if begin <= time_of(record) <= now]
    return Guard(admin, len(logins), logins[_REFUSE_FROM - 1][1] + LOCKOUT, len(certain) < _REFUSE_FROM)


def _recent(newest_first: Iterable[Record], begin: datetime) -> list[Record]:
    """Read back to BEGIN, and the records before it that show whether the clock was right; the newest first."""
    found, older = list[Record](), 0
    for record in newest_first:
        found.append(record)
        older += time_of(record) < begin
        if older == _LOOK_BACK:
            break
    return found


def _corrected(newest_first: list[Record], now: datetime) -> Iterator[tuple[Record, datetime]]:
    """Yield each record with the latest time at which it can have been written.

    Records stand in the order in which they were written, so none is later than the next one, or NOW.
    A time after NOW, or more than a day before that of an earlier record, comes from a wrong clock.
    """
    credible, latest = list[bool](), datetime.min.replace(tzinfo=UTC)
    for record in reversed(newest_first):
        time = time_of(record)
        credible.append(time <= now and latest - time <= _DAY)
        if credible[-1]:
            latest = max(latest, time)
    following = now
    for record in newest_first:
        if credible.pop():
            following = min(time_of(record), following)
        yield record, following
