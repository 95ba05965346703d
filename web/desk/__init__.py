"""The desk: pages for the shop's staff, behind the password of the report."""
