"""WeCom against a gateway of our own."""
