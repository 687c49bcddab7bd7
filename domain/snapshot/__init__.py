"""The model of a file system: entries, trees, layer indexes and changes."""
