"""What goes over the wire: a golden request for each operation, made by botocore."""
