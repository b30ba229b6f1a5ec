"""Small helpers that know nothing of AWS."""
