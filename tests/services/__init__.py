"""All AWS JSON services of botocore: generated, imported, and called as botocore calls them."""
