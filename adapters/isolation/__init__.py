"""Where RUN executes: namespaces, chroot, in place."""
