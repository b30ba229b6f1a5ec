"""Tests of the client together with other libraries."""
