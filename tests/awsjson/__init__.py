"""Tests of the runtime, one file for each of its modules. Nothing here uses the network."""
