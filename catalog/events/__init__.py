"""The event log: what visitors did with panels, and the report that a shop gets from it."""
