"""Makes and shrinks PNG files with nothing but the standard library.

usage: png.py make COUNT FOLDER    writes that many pictures, each with its own colours
       png.py thumbnail            reads a task's payload and makes the thumbnail it asks for
"""

import json
import os
import struct
import sys
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def write_png(path, width, height, rows):
    """Writes rows of 8-bit RGB pixels; the file appears whole or not at all."""
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows))
    unfinished = f"{path}.{os.getpid()}.part"
    with open(unfinished, "wb") as file:
        file.write(SIGNATURE + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b""))
    os.replace(unfinished, path)


def paeth(left, up, corner):
    guess = left + up - corner
    distances = (abs(guess - left), abs(guess - up), abs(guess - corner))
    return (left, up, corner)[distances.index(min(distances))]


def unfilter(kind, line, above):
    for i in range(len(line)):
        left = line[i - 3] if i >= 3 else 0
        corner = above[i - 3] if i >= 3 else 0
        guess = (0, left, above[i], (left + above[i]) // 2, paeth(left, above[i], corner))[kind]
        line[i] = (line[i] + guess) & 255
    return line


def read_png(path):
    """Answers width, height and rows of RGB pixels."""
    with open(path, "rb") as file:
        data = file.read()
    if not data.startswith(SIGNATURE):
        raise ValueError("not a PNG file")
    position, packed, head = 8, b"", None
    while position < len(data):
        size, kind = struct.unpack(">I4s", data[position : position + 8])
        part = data[position + 8 : position + 8 + size]
        if kind == b"IHDR":
            head = struct.unpack(">IIBBBBB", part)
        elif kind == b"IDAT":
            packed += part
        position += size + 12
    width, height, depth, colour, _, _, interlace = head
    if (depth, colour, interlace) != (8, 2, 0):
        raise ValueError("only plain 8-bit RGB is understood")
    raw, stride, rows = zlib.decompress(packed), width * 3 + 1, []
    above = bytearray(width * 3)
    for y in range(height):
        line = bytearray(raw[y * stride + 1 : (y + 1) * stride])
        above = unfilter(raw[y * stride], line, above) if raw[y * stride] else line
        rows.append(above)
    return width, height, rows


def shrink(width, height, rows, new_width):
    """Each new pixel is the mean of the old ones it covers."""
    new_width = min(new_width, width)
    new_height = max(1, height * new_width // width)
    result = []
    for y in range(new_height):
        top, bottom = y * height // new_height, max((y + 1) * height // new_height, y * height // new_height + 1)
        line = bytearray()
        for x in range(new_width):
            left, right = x * width // new_width, max((x + 1) * width // new_width, x * width // new_width + 1)
            for channel in range(3):
                cells = [v for row in rows[top:bottom] for v in row[left * 3 + channel : right * 3 : 3]]
                line.append(sum(cells) // len(cells))
        result.append(line)
    return new_width, new_height, result


def make(count, folder):
    width, height = 240, 180
    for number in range(1, count + 1):
        rows = [
            bytes(
                v
                for x in range(width)
                for v in ((x + number * 7) % 256, (y * 2 + number * 13) % 256, (x * y // 64 + number) % 256)
            )
            for y in range(height)
        ]
        write_png(os.path.join(folder, f"{number:03}.png"), width, height, rows)


def thumbnail():
    task = json.load(sys.stdin)
    source = task["file"]
    width, height, rows = read_png(source)
    print(json.dumps({"progress": 50, "message": "read"}), flush=True)
    width, height, rows = shrink(width, height, rows, int(task.get("width", 64)))
    target = os.path.join("thumbnails", os.path.basename(source))
    write_png(target, width, height, rows)
    print(json.dumps({"file": target, "width": width, "height": height}))


if __name__ == "__main__":
    try:
        if sys.argv[1:2] == ["make"] and len(sys.argv) == 4:
            make(int(sys.argv[2]), sys.argv[3])
        elif sys.argv[1:] == ["thumbnail"]:
            thumbnail()
        else:
            sys.exit(__doc__)
    except (ValueError, KeyError, TypeError) as error:
        # EX_DATAERR: another attempt with the same payload could not do better.
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(65)
