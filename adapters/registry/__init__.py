"""The distribution API: pull, push and authentication."""
