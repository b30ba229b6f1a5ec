"""Tools that turn the service description into the client."""
