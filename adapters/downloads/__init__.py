"""Files that ADD takes from addresses."""
