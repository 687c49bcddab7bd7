"""Build contexts, one module for each kind of source."""
