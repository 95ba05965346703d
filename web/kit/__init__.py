"""The panel for pages elsewhere: its script, and the panel rendered by the server.

The script's sources are in ``src``; ``npm run build`` writes ``web/static/kit``.
"""
