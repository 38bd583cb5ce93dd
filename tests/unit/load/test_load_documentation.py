"""What the library's introduction lists is what there is."""

import re

import pytest

from wireproof.load import members, stages
from wireproof.load.keywords import Load
from wireproof.load.live import FIGURES
from wireproof.load.metrics import METRICS
from wireproof.load.plan import Scenario


def section(title: str) -> str:
    return (Load.__doc__ or "").partition(f"## {title}\n")[2].partition("\n    ## ")[0]


def words(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", text)


PROFILES = [text for row in section("Profiles").splitlines() if row.strip().startswith("| ") for text in words(row)]


@pytest.mark.parametrize("text", PROFILES[1:] if PROFILES[0] == "stages" else PROFILES)
def test_every_profile_can_be_read(text: str) -> None:
    assert stages.parse(text, connections=1).stages


def test_there_are_profiles_of_every_kind() -> None:
    assert len(PROFILES) == 10


def test_the_metrics_are_named() -> None:
    named = [word for word in words(section("Thresholds")) if word in METRICS]
    assert set(named) == set(METRICS)


def test_the_live_figures_are_named() -> None:
    named = [word for word in words(section("Live figures")) if "." in word]
    assert set(named) == set(FIGURES)


def test_the_scenarios_are_named() -> None:
    assert set(words(section("Scenarios"))) - {"group"} == set(Scenario.__args__)


def test_the_placeholders_are_named() -> None:
    rows = [row for row in section("Clients of a load").splitlines() if row.strip().startswith("| `")]
    named = {word.strip("{}") for row in rows for word in words(row) if ":" not in word and word.startswith("{")}
    assert named == set(members._values(1))
