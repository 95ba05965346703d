"""Requests to the engine on behalf of a visitor: experiment arms, tracking and answers."""
