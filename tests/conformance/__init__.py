"""Checks of this package against independent implementations and data; see README.md."""
