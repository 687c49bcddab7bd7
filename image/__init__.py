"""What makes the product's own container image; run by the Dockerfile, in its stages.

Standard library only: the stages have nothing else. See docs/image.md.
"""
