"""Connections: buffers requests and responses in front of the threads that answer.

A thread gets a request when all of it has arrived, and hands its response to a buffer. So clients
that are slow to send or to read hold no thread. Built on waitress; gunicorn runs the processes.
"""
