"""The words of rsautil if no recording is played.

Words from the vendor's documentation are marked so; every other wording is an assumption.
"""

from __future__ import annotations

# Documented, word for word; that a space follows the colon is an assumption.
USERNAME = "Please enter OC Administrator username: "
PASSWORD = "Please enter OC Administrator password: "
# Documented for a tool of version 7.1.
QUESTION = "Are you sure you want to continue? (Y/N): "
MASTER = "Please enter the master password: "

# Documented: what login shells print first, and the line of manage-secrets.
BANNER = "RSA Authentication Manager Installation Directory: /opt/rsa/am\n"
SECRET = "com.rsa.db.dba.password: {dba}\n"

# By analogy with the documented transcript of add_config: a NOTICE that names the key, and a table with one empty row.
PSQL = "psql.bin:/tmp/2f0c9a51-7d1e-4c7b-9b1a-5d6b3f1f0e3c1234567890123456789.sql:108: "
UPDATED = PSQL + 'NOTICE:  Updated the configuration parameter "{key}" with the value "{value}"\n'
TABLE = " update_config\n---------------\n\n(1 row)\n\n"
MISSING = PSQL + 'ERROR:  configuration parameter "{key}" does not exist\n'

REFUSED = "Authentication failed: invalid OC Administrator credentials.\n"
UNKNOWN = "Authentication failed: the OC Administrator does not exist.\n"
LOCKED = "Authentication failed: the OC Administrator account is locked.\n"

USAGE = "usage: rsautil manage-secrets -a get NAME | store [-o ADMIN] -a update_config KEY VALUE INSTANCE\n"
