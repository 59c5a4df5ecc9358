"""The pages, tried from outside: over HTTP and in a browser."""
