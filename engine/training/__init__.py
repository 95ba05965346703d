"""The triplet stage: fine-tunes an encoder so that similar products lie close together.

Only commands import it.
"""
