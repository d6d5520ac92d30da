"""The names of a machine, the same everywhere, so that screens can be compared.

Python imports this at its start when this folder is on its path.
"""

import pwd
import socket
import uuid

HOST = "am82p"
RUN = "6f1c2b58-3d94-4e07-9a51-c0ffee15600d"

socket.gethostname = lambda: HOST
uuid.uuid4 = lambda: uuid.UUID(RUN)
pwd.getpwuid = lambda uid: pwd.struct_passwd(("rsaadmin", "x", uid, uid, "", "/home/rsaadmin", "/bin/bash"))
