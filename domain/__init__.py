"""The rules of images, Dockerfiles, snapshots and builds, as values without I/O."""
