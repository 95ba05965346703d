"""Verification: are two photos or products the same thing, and which are listed twice?"""
