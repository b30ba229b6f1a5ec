"""Retries, on virtual time: what is sent again, when, and what it costs."""
