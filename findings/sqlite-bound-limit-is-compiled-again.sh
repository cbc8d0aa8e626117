#!/usr/bin/env bash
# Library: SQLite 3.54.1, through apsw 3.54.1.0 (PyPI). Since 3.47.0; 3.46.1 does not do it.
# Behaviour: a prepared statement with LIMIT ? is compiled again for each execution, also when the
#   same number is bound again, and in a query without WHERE or ORDER BY, which has only one plan.
#   sqlite3_prepare_v2 documents this only for parameters of the WHERE clause. OFFSET ? and LIMIT +?
#   are compiled once, as is LIMIT ? with SQLITE_DBCONFIG_ENABLE_QPSG.
# Output seen: for four executions of one statement from the statement cache, 5 compilations with
#   LIMIT ?, 1 with each of the others. The authorizer is called at each compilation.
# Why it matters to a chat server: each page of a history is read with a bound limit, precisely so
#   that the statement is compiled once. The results are right, so the extra work goes unnoticed.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check apsw==3.54.1.0
cat > find.py <<'P'
import apsw

print("SQLite", apsw.sqlite_lib_version())

def compilations(query, values, stable=False):
    seen = []

    def authorize(action, *_):
        if action == apsw.SQLITE_SELECT:
            seen.append(action)
        return apsw.SQLITE_OK

    connection = apsw.Connection(":memory:")
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, int(stable))
    connection.execute("CREATE TABLE message (id INTEGER PRIMARY KEY, body TEXT)")
    connection.execute("INSERT INTO message VALUES (1, 'a'), (2, 'b'), (3, 'c')")
    connection.authorizer = authorize
    for value in values:
        assert len(connection.execute(query, (value,)).fetchall()) in (1, 2)
    assert connection.cache_stats()["hits"] == len(values) - 1, "one statement is executed"
    return len(seen)

message = "SELECT body FROM message "
print("LIMIT ?, same value:", compilations(message + "LIMIT ?", [2, 2, 2, 2]))
print("LIMIT ?, other values:", compilations(message + "LIMIT ?", [1, 2, 1, 2]))
print("LIMIT ?, QPSG:", compilations(message + "LIMIT ?", [1, 2, 1, 2], stable=True))
print("LIMIT +?:", compilations(message + "LIMIT +?", [1, 2, 1, 2]))
print("LIMIT 2 OFFSET ?:", compilations(message + "LIMIT 2 OFFSET ?", [1, 2, 1, 2]))
print("WHERE id = ? LIMIT 2:", compilations(message + "WHERE id = ? LIMIT 2", [1, 2, 1, 2]))
P
env/bin/python find.py | tee seen
diff seen - <<'T'
SQLite 3.54.1
LIMIT ?, same value: 5
LIMIT ?, other values: 5
LIMIT ?, QPSG: 1
LIMIT +?: 1
LIMIT 2 OFFSET ?: 1
WHERE id = ? LIMIT 2: 1
T
