"""Where user names, passwords and tokens come from."""
