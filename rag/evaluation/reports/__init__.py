"""A run and what became of it, told in five ways: terminal, JSON, JUnit XML, Markdown, one HTML page."""

from rag.evaluation.reports.data import Report

__all__ = ["Report"]
