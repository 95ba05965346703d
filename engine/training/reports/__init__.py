"""Reports of a run: console messages, step log, charts and the HTML report."""
