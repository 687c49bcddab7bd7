"""Implementations of the ports; each knows one technology."""
