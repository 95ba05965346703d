"""What a run reports: console, step log, charts and the HTML report."""
