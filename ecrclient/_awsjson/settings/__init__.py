"""What a client is configured with, resolved as botocore resolves it."""
