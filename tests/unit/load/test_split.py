"""Whose turn it is to send: those that are connected, and stay for a while."""

import numpy as np

from wireproof.load import stages
from wireproof.load.plan import Endpoint, Member, Plan, Scenario, Traffic
from wireproof.load.split import SETTLE_NS, schedule


def plan(text: str, scenario: Scenario = "request reply") -> Plan:
    made = stages.parse(text)
    members = tuple(
        Member(name=f"m{n}", peer=n ^ 1 if scenario == "pairs" else n) for n in range(made.peak_connections)
    )
    return Plan(
        name="x", endpoint=Endpoint(url="ws://h/"), members=members, traffic=Traffic(scenario=scenario), profile=made
    )


def senders(text: str, scenario: Scenario = "request reply") -> tuple[np.ndarray, np.ndarray]:
    wanted = plan(text, scenario)
    return schedule(wanted, range(len(wanted.members)))


def test_who_is_not_there_yet_does_not_send() -> None:
    due, sender = senders("100/s with 0..10 connections over 10s, 100/s for 1s")
    for number in range(1, 10):
        assert due[sender == number].min() >= (number + 1) * 1_000_000_000 + SETTLE_NS
    assert len(due) == 1100


def test_who_is_about_to_leave_does_not_send() -> None:
    due, sender = senders("100/s with 10 connections for 5s, 100/s with 10..0 connections over 10s")
    for number in range(1, 10):
        leaves_ns = 5_000_000_000 + (10 - number) * 1_000_000_000
        assert due[sender == number].max() <= leaves_ns - SETTLE_NS
    assert len(due) == 1500


def test_both_of_a_pair_send_or_none() -> None:
    due, sender = senders("100/s with 2..10 connections over 8s, 100/s with 10..2 connections over 8s", "pairs")
    for half_second in range(32):
        there = set(sender[due // SETTLE_NS == half_second].tolist())
        assert {number ^ 1 for number in there} == there
