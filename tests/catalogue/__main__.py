"""Writes docs/faults.md."""

from tests.catalogue.faults import ROOT, families
from tests.catalogue.page import page

(ROOT / "docs" / "faults.md").write_text(page(families()), encoding="utf-8")
