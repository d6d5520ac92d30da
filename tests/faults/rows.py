"""All rows, by groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faults.rows_disk import DISK
from faults.rows_person import PERSON
from faults.rows_rsautil import RSAUTIL
from faults.rows_secrets import SECRETS
from faults.rows_strangers import STRANGERS

if TYPE_CHECKING:
    from faults.table import Rows

FAULTS: dict[str, Rows] = {
    "rsautil": RSAUTIL,
    "The person and the machine": PERSON,
    "The disk": DISK,
    "Strangers": STRANGERS,
    "Secrets": SECRETS,
}
