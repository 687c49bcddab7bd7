"""Tar headers and compression for the other adapters."""
