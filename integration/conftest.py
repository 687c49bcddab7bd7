"""Fixtures of the integration tests: servers, base images and the comparison."""
