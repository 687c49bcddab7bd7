"""The composition root: one small function per adapter, imports inside."""
