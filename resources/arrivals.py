"""What was sent against what arrived: one line that names what is wrong, instead of two long lists.

A repetition that says so (`retry`) of a delivery that has come already is none: it only tells that a confirmation was
late, as on a busy machine.
"""

import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Any

_SHOWN = 5


def arrivals_should_be(arrived: Sequence[Any], sent: Sequence[Any]) -> None:
    """Fails unless exactly the sent messages have arrived, each once, in the order of sending; both have an `id`.

    The message begins with the word of the gravest anomaly: lost, duplicated, phantom, reordered.
    """
    sent_ids = [message.id for message in sent]
    arrived_ids = [message.id for message in _deliveries(arrived)]
    counts = Counter(arrived_ids)
    known = set(sent_ids)
    numbers = {message_id: number for number, message_id in enumerate(sent_ids, start=1)}
    wrong = {
        "lost": [f"#{numbers[message_id]}" for message_id in sent_ids if message_id not in counts],
        "duplicated": [f"#{numbers[message_id]}" for message_id in sent_ids if counts[message_id] > 1],
        "phantom": [message_id for message_id in counts if message_id not in known],
    }
    told = [f"{word}: {len(ids)} messages, {', '.join(ids[:_SHOWN])}" for word, ids in wrong.items() if ids]
    if not told:
        places = [numbers[message_id] for message_id in arrived_ids]
        told = [
            f"reordered: #{now} came after #{before}" for before, now in itertools.pairwise(places) if now < before
        ][:1]
    if told:
        raise AssertionError(f"{'; '.join(told)}; {len(arrived_ids)} arrived of {len(sent_ids)} sent")


def arrivals_should_be_numbered_without_a_gap(arrived: Sequence[Any]) -> None:
    """Fails unless each delivery has the `seq` after that of the delivery before it.

    The message begins with reordered, duplicated or gap: a number that comes later is not missing.
    """
    deliveries = _deliveries(arrived)
    numbers = {delivery.seq for delivery in deliveries}
    for before, now in itertools.pairwise(deliveries):
        if now.seq != before.seq + 1:
            missing = now.seq > before.seq and not numbers.issuperset(range(before.seq + 1, now.seq))
            word = "gap" if missing else "duplicated" if now.seq == before.seq else "reordered"
            raise AssertionError(f"{word}: seq {now.seq} (#{now.index}) came after {before.seq} (#{before.index})")


def _deliveries(arrived: Sequence[Any]) -> list[Any]:
    known: set[str] = set()
    first = []
    for message in arrived:
        if not message.retry or message.id not in known:
            first.append(message)
        known.add(message.id)
    return first
