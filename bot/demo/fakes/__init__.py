"""The other side of each platform, over real HTTP: for `zhitong simulate` and for the tests."""
