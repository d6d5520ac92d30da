"""The guard against a lockout: the only counter of failed logins.

The vendor documents that five failed logins lock the account for 60 minutes (docs/appliance.md).
Whether a login through rsautil counts is not documented, so it counts here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from onbox.audit.record import DENIED, Record, admin_of, time_of

LOCKOUT = timedelta(minutes=60)
# So many failed logins: the person is asked before another try, and another try is refused.
WARN_FROM, _REFUSE_FROM = 3, 4
# During an update rsautil asks for the password again if it did not accept the first one.
_DENIED_LATE = "update-asked-again"
_DAY = timedelta(days=1)
# A run takes a quarter of a second at least, so the runs of an hour, one after the other, write fewer records.
_MOST_RECORDS = 20_000


@dataclass(frozen=True)
class Guard:
    """How close the account ADMIN is to a lockout: the failed logins of the last 60 minutes.

    `refused_until` says until when another try is refused (None: it is not).
    `rests_on_correction` says that it would not be refused if the times on record were right,
    so the person may go on by typing the administrator's name.
    """

    admin: str
    count: int = 0
    refused_until: datetime | None = None
    rests_on_correction: bool = False


def guards(newest_first: Iterable[Record], now: datetime) -> dict[str, Guard]:
    """Count the failed logins of each administrator who had one in the 60 minutes before NOW, by casefolded name.

    Whether the appliance tells upper from lower case is not documented, so they are the same here.
    """
    begin = now - LOCKOUT
    failed: dict[str, list[tuple[Record, datetime]]] = {}
    for record, time in _corrected(list(islice(newest_first, _MOST_RECORDS)), now):
        if time >= begin and (record.get("event") == DENIED or record.get("code") == _DENIED_LATE):
            failed.setdefault(admin_of(record).casefold(), []).append((record, time))
    found = {}
    for name, logins in failed.items():
        until = logins[_REFUSE_FROM - 1][1] + LOCKOUT if len(logins) >= _REFUSE_FROM else None
        certain = sum(begin <= time_of(record) <= now for record, _ in logins)
        found[name] = Guard(admin_of(logins[0][0]), len(logins), until, until is not None and certain < _REFUSE_FROM)
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
