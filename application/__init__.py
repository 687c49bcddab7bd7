"""The use cases of a build, driven through ports alone."""
