"""A service that acts once on each change of an alert, whatever comes twice, moves or restarts.

    python service.py BOOTSTRAP_SERVERS DATABASE_FILE

Run it as often as you like: all of them share the work and one database, here a file of SQLite.
What it does with a change is a row in `work`, written together with the note that it is done.
"""

import json
import sqlite3
import sys

from kafka import KafkaConsumer

NEWER = """INSERT INTO seen VALUES (:topic, :key, :epoch, :offset, :version) ON CONFLICT DO UPDATE
    SET epoch = :epoch, "offset" = :offset, version = :version
    WHERE (:epoch, :offset, :version) > (epoch, "offset", version)"""
ACT = """INSERT INTO work SELECT :fingerprint, :seq, :state, :customer,
    (SELECT distress_e2 FROM distress WHERE customer = :customer)"""

db = sqlite3.connect(sys.argv[2], timeout=30)
db.executescript("""
    CREATE TABLE IF NOT EXISTS seen (topic, "key", epoch, "offset", version,
        PRIMARY KEY (topic, "key"));
    CREATE TABLE IF NOT EXISTS distress (customer PRIMARY KEY, distress_e2);
    CREATE TABLE IF NOT EXISTS work (fingerprint, seq, state, customer, distress_e2);
""")
consumer = KafkaConsumer(
    "nabz.health.v1",
    "nabz.alerts.v1",
    bootstrap_servers=sys.argv[1],
    group_id="work-list",
    session_timeout_ms=10_000,  # so long after one is killed the others take over
    auto_offset_reset="earliest",
)
while True:
    for place, records in consumer.poll(timeout_ms=1_000).items():
        with db:  # one transaction: after a crash all of it is there, or none and it comes again
            for record in records:
                if record.value is None or record.key.startswith(b"~"):
                    continue  # a tombstone or a heartbeat
                row = json.loads(record.value)  # a field you do not know does no harm
                mark = {"topic": place.topic, "key": record.key, **row["log"]}
                mark["version"] = row["seq"] if "seq" in row else row["version"]
                if db.execute(NEWER, mark).rowcount == 0:
                    continue  # not newer than what we have: a repeat
                if place.topic == "nabz.alerts.v1":
                    db.execute(ACT, row)
                else:
                    db.execute("REPLACE INTO distress VALUES (:customer, :distress_e2)", row)
