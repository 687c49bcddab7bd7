"""Rules of the whole test session; it offers no fixtures.

No test is judged by its speed: hypothesis has no deadline.
"""

from hypothesis import settings

settings.register_profile("kanipy", deadline=None)
settings.load_profile("kanipy")
