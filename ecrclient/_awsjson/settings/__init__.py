"""The settings of a client, resolved in botocore's order, and the options of a call."""
