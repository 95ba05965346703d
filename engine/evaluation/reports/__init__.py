"""An evaluation as text, JSON or an HTML page."""
