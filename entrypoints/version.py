"""The product's version, the single place where it is written."""

VERSION = "0.1.0"
