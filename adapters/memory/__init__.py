"""In-memory adapters of every port, for tests and dry runs."""
