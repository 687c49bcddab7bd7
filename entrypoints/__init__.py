"""Commands, flags and the composition root."""
