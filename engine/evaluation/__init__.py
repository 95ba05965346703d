"""How good a ranking is: metrics with intervals, baselines, and reports."""
