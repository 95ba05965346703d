"""Evaluation of retrieval: metrics with intervals, baselines, and reports."""
