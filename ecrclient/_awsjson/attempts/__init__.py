"""One attempt as data: the request, its signature and the response."""
