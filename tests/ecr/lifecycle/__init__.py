"""The tests of `ecrclient.lifecycle`."""
