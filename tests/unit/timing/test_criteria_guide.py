"""The guide to criteria says what is so."""

import re
from pathlib import Path

import pytest

from wireproof.measures.histogram import percentile_share
from wireproof.measures.sample_size import clean_needed
from wireproof.quantities import Comparison
from wireproof.timing.criteria import load
from wireproof.timing.requirement import STATISTICS

GUIDE = (Path(__file__).parents[3] / "docs" / "criteria.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("claim", "percentile", "count"), re.findall(r"\| `(> [\d.]+ %)`, `(p[\d.]+)` \| ([\d ]+) \|", GUIDE)
)
def test_sample_sizes_are_those_that_prove(claim: str, percentile: str, count: str) -> None:
    share = percentile_share(percentile)
    assert share is not None
    assert Comparison.parse(claim).limit.ratio == pytest.approx(share)  # type: ignore[union-attr]
    assert clean_needed(share) == int(count.replace(" ", ""))


def test_the_table_of_sample_sizes_is_found() -> None:
    assert GUIDE.count("| 299 |") == GUIDE.count("| 2 995 |") == 1


def test_the_example_is_a_catalogue(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    (tmp_path / "criteria.yaml").write_text(example)
    assert str(load(tmp_path / "criteria.yaml").required("SHOP-01").limit) == "< 250 ms"


def test_all_statistics_are_named() -> None:
    row = next(line for line in GUIDE.splitlines() if line.startswith("| `statistic`"))
    assert {statistic for statistic in STATISTICS if f"`{statistic}`" not in row} == set()
