"""The engine's commands; `COMMANDS` of each file joins them to ``lookalike``."""
