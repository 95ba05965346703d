"""Annoy's generations on a folder or object store that several web servers share."""
