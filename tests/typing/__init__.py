"""What mypy and pyright say about code that uses the client."""
