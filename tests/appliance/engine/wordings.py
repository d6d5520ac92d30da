"""What rsautil is made to say.

What the vendor's documentation shows is marked so; every other wording is an assumption.
"""

from __future__ import annotations

# Documented, word for word; that a space follows the colon is an assumption.
USERNAME = "Please enter OC Administrator username: "
PASSWORD = "Please enter OC Administrator password: "

# Documented: what login shells print first, and the line of manage-secrets.
BANNER = "RSA Authentication Manager Installation Directory: /opt/rsa/am\n"
SECRET = "com.rsa.db.dba.password: {dba}\n"

# Documented: the beginning of psql's lines, and the NOTICE and the table of add_config.
# The last blank line is psql's own.
PSQL = "psql.bin:/tmp/2f0c9a51-7d1e-4c7b-9b1a-5d6b3f1f0e3c1234567890123456789.sql:108: "
ADDED = PSQL + 'NOTICE:  Added the new configuration parameter "{key}" with the value "{value}"\n'
TABLE = " {action}\n{dashes}\n\n(1 row)\n\n"
# The same as psql pads it: a space behind the header and in the empty cell.
PADDED_TABLE = " {action} \n{dashes}\n \n(1 row)\n\n"
NO_ROWS = " {action}\n{dashes}\n(0 rows)\n\n"

# By analogy with the documented add_config: a NOTICE that names the key.
UPDATED = PSQL + 'NOTICE:  Updated the configuration parameter "{key}" with the value "{value}"\n'
MISSING = 'configuration parameter "{key}" does not exist'
PRESENT = PSQL + 'ERROR:  The configuration parameter "{key}" already exists\n'
CONTEXT = "CONTEXT:  PL/pgSQL function update_config(text,text,text) line 27 at RAISE\n"
NO_DATABASE = (
    "psql.bin: could not connect to server: Connection refused\n"
    '\tIs the server running on host "localhost" (127.0.0.1) and accepting\n'
    "\tTCP/IP connections on port 7050?\n"
)

REFUSED = "Authentication failed: invalid OC Administrator credentials.\n"
UNKNOWN = "Authentication failed: the OC Administrator does not exist.\n"
LOCKED = "Authentication failed: the OC Administrator account is locked.\n"

TRACE = (
    'Exception in thread "main" {exception}\n'
    "\tat com.rsa.ims.tools.store.StoreCommand.execute(StoreCommand.java:212)\n"
    "\tat com.rsa.command.CommandLine.main(CommandLine.java:87)\n"
)
NO_CONSOLE = (
    'Exception in thread "main" java.lang.NullPointerException: '
    'Cannot invoke "java.io.Console.readPassword()" because the return value of "java.lang.System.console()" is null\n'
    "\tat com.rsa.command.CommandLine.prompt(CommandLine.java:141)\n"
    "\tat com.rsa.command.CommandLine.main(CommandLine.java:87)\n"
)

USAGE = (
    "usage: rsautil COMMAND [OPTIONS]\n"
    "  manage-secrets -a get NAME\n"
    "  store [-o ADMIN] [-p PASSWORD] -a update_config KEY VALUE INSTANCE [CODE]\n"
    "  store [-o ADMIN] [-p PASSWORD] -a add_config KEY VALUE INSTANCE CODE\n"
    "  store [-o ADMIN] [-p PASSWORD] -a config_all KEY VALUE [CODE]\n"
)
