"""Load the newest health of every customer into a SQL table, and keep it there.

    python to_sql.py BOOTSTRAP_SERVERS DATABASE_FILE [--once]

SQLite here; PostgreSQL takes the same statements, but for how parameters are written. Some fields
are columns, the whole row stands beside them as JSON: a new field is there before you need it.
"""

import json
import sqlite3
import sys

from kafka import KafkaConsumer

UPSERT = """
    INSERT INTO health (customer, distress_e2, health_e2, band, reason, account, as_of_ms,
        log_epoch, log_offset, version, body)
    VALUES (:customer, :distress_e2, :health_e2, :band, :reason, :account, :as_of_ms,
        :log_epoch, :log_offset, :version, :body)
    ON CONFLICT (customer) DO UPDATE SET
        distress_e2 = excluded.distress_e2, health_e2 = excluded.health_e2, band = excluded.band,
        reason = excluded.reason, account = excluded.account, as_of_ms = excluded.as_of_ms,
        log_epoch = excluded.log_epoch, log_offset = excluded.log_offset,
        version = excluded.version, body = excluded.body
    WHERE (excluded.log_epoch, excluded.log_offset, excluded.version)
        > (health.log_epoch, health.log_offset, health.version)
"""

db = sqlite3.connect(sys.argv[2])
db.execute("""
    CREATE TABLE IF NOT EXISTS health (
        customer TEXT PRIMARY KEY, distress_e2 INTEGER, health_e2 INTEGER, band TEXT NOT NULL,
        reason TEXT, account TEXT, as_of_ms BIGINT NOT NULL, log_epoch INTEGER NOT NULL,
        log_offset BIGINT NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL)
""")
consumer = KafkaConsumer(
    "nabz.health.v1",
    bootstrap_servers=sys.argv[1],
    group_id="health-to-sql",
    session_timeout_ms=10_000,
    auto_offset_reset="earliest",
)
while True:
    polled = consumer.poll(timeout_ms=1_000)
    with db:
        for record in (one for records in polled.values() for one in records):
            if record.key.startswith(b"~"):
                continue  # a heartbeat
            if record.value is None:
                db.execute("DELETE FROM health WHERE customer = ?", [record.key.decode()])
                continue
            row = json.loads(record.value)
            log = {"log_epoch": row["log"]["epoch"], "log_offset": row["log"]["offset"]}
            db.execute(UPSERT, {**row, **log, "body": record.value.decode()})
    places = consumer.assignment()
    behind = [
        place
        for place in places
        if (end := consumer.highwater(place)) is None or consumer.position(place) < end
    ]
    if "--once" in sys.argv and places and not behind:
        break
consumer.close()
