"""Asking the engine on behalf of a visitor: experiments, tracking, and the answer."""
