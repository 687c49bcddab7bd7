"""Speed as ratios: kanipy beside the builders this machine has. Not part of any test.

`python -m integration.bench` (make bench) measures everything in one run, builders
taking turns, so that a slow hour of the machine is slow for all of them.
"""
