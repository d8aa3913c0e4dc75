"""Read a compacted topic whole: the newest picture of each customer, and whether it still holds.

    python customers.py BOOTSTRAP_SERVERS

No group: this reader wants all partitions, from their beginning, each time it starts. It prints a
line for each customer, the worst first, and ends; a program that goes on keeps polling.
"""

import json
import sys
import time

from kafka import KafkaConsumer, TopicPartition

TOPIC = "nabz.health.v1"
DEAD_MS = 3 * 60_000  # a heartbeat comes once a minute, so three are missing

consumer = KafkaConsumer(bootstrap_servers=sys.argv[1], enable_auto_commit=False)
places = [TopicPartition(TOPIC, one) for one in consumer.partitions_for_topic(TOPIC) or ()]
consumer.assign(places)
consumer.seek_to_beginning(*places)

rows = {}  # by customer: the partition it stands in, and the row
beats = {}  # by partition: the newest heartbeat


def order(row):
    """Which of two is newer."""
    return row["log"]["epoch"], row["log"]["offset"], row.get("version", 0)


def take(record):
    """Take one record, unless it is not newer than what is held."""
    if record.key.startswith(b"~"):
        held, key = beats, record.partition
    else:
        held, key = rows, record.key.decode()
    if record.value is None:
        held.pop(key, None)  # forgotten
        return
    row = json.loads(record.value)
    if key not in held or order(row) > order(held[key][1]):
        held[key] = record.partition, row


def freshness(partition, now_ms):
    """Unchanged, or dead: when somebody last looked at the customers of a partition."""
    if partition not in beats:
        return "nobody has looked yet"
    beat = beats[partition][1]
    if now_ms - beat["at_ms"] > DEAD_MS:
        return f"nobody looks: no heartbeat for {(now_ms - beat['at_ms']) // 60_000} min"
    late_ms = beat["at_ms"] - beat["complete_to_ms"]
    return "current" if late_ms <= DEAD_MS else f"sources are read {late_ms // 60_000} min behind"


pending = set(places)
while pending:
    for records in consumer.poll(timeout_ms=200).values():
        for record in records:
            take(record)
    for place in tuple(pending):
        end = consumer.highwater(place)  # known with the first answered fetch
        if end is not None and consumer.position(place) >= end:
            pending.discard(place)
consumer.close()

now_ms = time.time_ns() // 1_000_000
lines = []
for customer, (partition, row) in rows.items():
    points = row["distress_e2"]  # null is unknown, and not 0
    distress = "unknown" if points is None else f"{points / 100:.0f}"
    worst_first = 1 if points is None else -points
    lines.append((worst_first, customer, distress, row["band"], freshness(partition, now_ms)))
for _, *line in sorted(lines):
    print(*line, sep="\t")
