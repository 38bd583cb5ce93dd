"""Counts of what the server does. Plain numbers on the hot path; Prometheus reads them only when it asks."""

import asyncio
from bisect import bisect_left
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds; 0.05 and 0.5 are limits of acceptance criteria."""


class Metrics(Collector):
    """The counters, each named like its metric without the `cloud_` prefix."""

    def __init__(self) -> None:
        self.connections = 0
        self.registered_devices = 0
        self.connections_total = 0
        self.messages_received_total = 0
        self.messages_stored_total = 0
        self.messages_refused_total = 0
        self.messages_unreadable_total = 0
        self.deliveries_sent_total = 0
        self.deliveries_repeated_total = 0
        self.deliveries_confirmed_total = 0
        self.batches_total = 0
        self.rows_routed_total = 0
        self.rows_failed_total = 0
        self._latency_counts = [0] * (len(_BUCKETS) + 1)
        self._latency_sum = 0.0
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def observe_store(self, seconds: float) -> None:
        """Note how long a message took from being read to being stored."""
        self._latency_counts[bisect_left(_BUCKETS, seconds)] += 1
        self._latency_sum += seconds

    def collect(self) -> Iterator[Metric]:
        """Everything in Prometheus' own form."""
        yield GaugeMetricFamily("cloud_connections", "Open WebSocket connections.", self.connections)
        yield GaugeMetricFamily("cloud_registered_devices", "Connections that are registered.", self.registered_devices)
        yield GaugeMetricFamily("cloud_tasks", "Work under way, the server's own included.", len(asyncio.all_tasks()))
        for name, text in _COUNTERS.items():
            yield CounterMetricFamily(f"cloud_{name}", text, getattr(self, f"{name}_total"))
        total, buckets = 0, []
        for bound, count in zip((*map(str, _BUCKETS), "+Inf"), self._latency_counts, strict=True):
            total += count
            buckets.append((bound, total))
        yield HistogramMetricFamily(
            "cloud_store_seconds", "Time from reading a message to its commit.", buckets, self._latency_sum
        )

    def text(self) -> bytes:
        """The exposition text."""
        return generate_latest(self._registry)


_COUNTERS = {
    "connections": "Connections accepted since the start.",
    "messages_received": "Messages read from registered devices that were addressed to others.",
    "messages_stored": "Messages committed.",
    "messages_refused": "Messages that were readable and refused.",
    "messages_unreadable": "Messages that could not be read.",
    "deliveries_sent": "First deliveries written to a socket.",
    "deliveries_repeated": "Deliveries written again with retryCount.",
    "deliveries_confirmed": "Deliveries that their device confirmed.",
    "batches": "Transactions of the writer.",
    "rows_routed": "Messages inserted by SQL that this node routed.",
    "rows_failed": "Messages inserted by SQL that nobody can receive.",
}
