#!/usr/bin/env bash
# Library: SQLite 3.54.1, through apsw 3.54.1.0 (PyPI).
# Behaviour: PRAGMA auto_vacuum = INCREMENTAL on a database that is in that mode already is a write
#   transaction of its own: it changes the file each time, fails with SQLITE_BUSY while another
#   connection writes, and with SQLITE_READONLY on a read-only connection. Setting the mode to NONE,
#   which is the real change that has no effect, does nothing of this.
# Output seen: change counter 3, 4, 5 after three openings; "database is locked" for a set to the
#   same value, nothing for a set to another; "attempt to write a readonly database".
# Why it matters to a chat server: programs set their pragmas at each open. This one makes every
#   start of a command a writer beside the running server, and "database is locked" at open.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check apsw==3.54.1.0
cat > find.py <<'P'
import apsw

print("SQLite", apsw.sqlite_lib_version())

def counter(path):
    with open(path, "rb") as file:
        return int.from_bytes(file.read(28)[24:], "big")

def attempt(connection, what):
    try:
        connection.execute(what)
        return "done"
    except apsw.Error as error:
        return str(error)

made = apsw.Connection("a.db")
made.execute("PRAGMA auto_vacuum = INCREMENTAL; CREATE TABLE t (x)")
made.close()
before = counter("a.db")
for _ in range(3):
    opened = apsw.Connection("a.db")
    opened.execute("PRAGMA auto_vacuum = INCREMENTAL")
    opened.close()
    print("writes so far:", counter("a.db") - before)

writer = apsw.Connection("a.db")
writer.execute("PRAGMA journal_mode = WAL").fetchall()
writer.execute("BEGIN IMMEDIATE")
other = apsw.Connection("a.db")
print("same value beside a writer:", attempt(other, "PRAGMA auto_vacuum = INCREMENTAL"))
print("other value beside a writer:", attempt(other, "PRAGMA auto_vacuum = NONE"))
writer.execute("ROLLBACK")
reader = apsw.Connection("a.db", flags=apsw.SQLITE_OPEN_READONLY)
print("same value, read-only:", attempt(reader, "PRAGMA auto_vacuum = INCREMENTAL"))
P
env/bin/python find.py | tee seen
diff seen - <<'T'
SQLite 3.54.1
writes so far: 1
writes so far: 2
writes so far: 3
same value beside a writer: database is locked
other value beside a writer: done
same value, read-only: attempt to write a readonly database
T
