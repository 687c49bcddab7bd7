"""The executor's command line: tables of flags and variables, and their readers."""
