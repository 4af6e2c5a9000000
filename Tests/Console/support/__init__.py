"""What the tests of the console start: the real server, a real broker, a real browser."""
