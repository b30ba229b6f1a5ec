"""Tests of ``ecrclient.findings``."""
