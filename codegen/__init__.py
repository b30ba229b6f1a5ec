"""The code generator: it makes the client from the descriptions of a service."""
