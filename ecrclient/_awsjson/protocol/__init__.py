"""AWS JSON: operations as data, shapes, encoding, decoding, and the errors."""
