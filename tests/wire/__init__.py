"""Requests on the wire, compared with golden requests that botocore made."""
