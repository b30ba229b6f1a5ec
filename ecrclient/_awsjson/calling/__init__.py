"""One call: attempts, retries, throttling, clock correction, deadline, sending and telemetry."""
