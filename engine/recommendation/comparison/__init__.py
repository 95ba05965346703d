"""Comparing two products or photos: are they the same thing?"""
