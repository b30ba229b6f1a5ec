"""What mypy and pyright report for code that uses the client."""
