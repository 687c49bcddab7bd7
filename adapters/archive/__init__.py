"""Tar archives and their compression, as streams; below the other adapters."""
