"""Our own tool that compares images: with each other, or with an oracle's outcome."""
