"""Random lives of a shop: changes, commands, kills and two processes at once, step after step."""
