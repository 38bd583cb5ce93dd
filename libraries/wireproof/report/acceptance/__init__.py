"""Acceptance: what became of every criterion in a run, as a page, for the log, and for tools."""

from wireproof.report.acceptance.figures import Machine, Run
from wireproof.report.acceptance.files import PAGE
from wireproof.report.acceptance.page import acceptance_fragment, headline
from wireproof.report.acceptance.run import RunReport, follow, followed
from wireproof.report.acceptance.so_far import RunSoFar

__all__ = ["PAGE", "Machine", "Run", "RunReport", "RunSoFar", "acceptance_fragment", "follow", "followed", "headline"]
