"""What this package does, held against judges that it did not write; see README.md."""
