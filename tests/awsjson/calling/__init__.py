"""Tests of one call: retries, deadlines and throttling on virtual time, and telemetry."""
