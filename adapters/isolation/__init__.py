"""Adapters that run the processes of RUN: in namespaces, in a chroot, not at all.

Nothing is imported here: the launcher, which is a program of its own, imports
this package and wants to start fast.
"""
