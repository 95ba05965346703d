"""The commands of `engine.applications`."""
