"""The client, whole, against real sockets."""
