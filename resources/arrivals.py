"""What was sent against what arrived: one line that names what is wrong, instead of two long lists."""

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
    arrived_ids = [message.id for message in arrived]
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
