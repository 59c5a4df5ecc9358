"""`zhitong demo`: a made-up county office with a past, to be tried and thrown away."""
