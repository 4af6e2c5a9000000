#!/bin/sh
# Makes the thumbnail of one image. The task's payload comes on standard input:
#   {"file": "images/001.png", "width": 64}
# The last line on standard output is the task's result:
#   {"file": "thumbnails/001.png", "width": 64, "height": 48}
# Any program that reads JSON can stand here; this one needs nothing but Python's standard library.
exec python3 "$(dirname "$0")/png.py" thumbnail
