"""Folders: plain photos, and the layouts of two public data sets."""
