"""The tests of ``ecrclient.images``."""
