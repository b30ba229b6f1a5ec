"""Tests of ``ecrclient.logins``."""
