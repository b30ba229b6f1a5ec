"""One call: attempts, retries, throttling, the clock, deadlines, signing, sending and telemetry."""
