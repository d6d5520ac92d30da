"""Why all token records may have to be synchronised again; a module of its own, so that the help starts fast."""

from typing import Literal

Reason = Literal["account-changed", "identity-source-added", "users-found", "tokens-deleted", "other"]

# Documented: the first four are the reasons to synchronise all records again (docs/appliance.md).
# Each text fits one line of a screen of 80 columns.
# AM is Authentication Manager, CAS the Cloud Access Service.
REASONS: dict[Reason, str] = {
    "account-changed": "The company account in CAS changed and AM was connected again",
    "identity-source-added": "AM got an external identity source also synchronised to CAS",
    "users-found": "AM could not find users in the identity source; now fixed",
    "tokens-deleted": "An administrator deleted tokens by accident; they are needed",
    "other": "Another reason, which a note explains",
}
