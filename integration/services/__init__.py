"""Servers and base images for the tests: started and stopped here, by process id."""
