"""Tests of the runtime, in the packages of its modules. They do not use the network."""
