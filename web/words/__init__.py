"""The panel's words in several languages: a dictionary for each, as JSON."""
