"""Channels without I/O: a notification becomes a request, an answer becomes an outcome."""
