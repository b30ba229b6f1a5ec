"""HTTP/1.1 as bytes, to one origin, over a bounded pool of connections."""
