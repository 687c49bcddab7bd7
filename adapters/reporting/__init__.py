"""Adapters that tell the person what happens."""
