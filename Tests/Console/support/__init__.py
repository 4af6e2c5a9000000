"""Support for the console tests, which use a real server, a real broker and a real browser."""
