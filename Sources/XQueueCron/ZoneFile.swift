/// The content of a TZif file (RFC 9636), as systems keep them in `/usr/share/zoneinfo`.
///
/// Foundation's time zones are not used: they are missing from a program with a static Swift runtime, and their rules are as old
/// as the toolchain rather than the system's.
struct ZoneFile {
    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    /// When offsets change, ascending, each with the offset from then on, in seconds east of Greenwich.
    private(set) var changes: [(at: Int, offset: Int)] = []
    /// The offset before the first change.
    private(set) var firstOffset = 0
    /// The rule for the time after the last change; nil if that has no further ones.
    private(set) var footer: ZoneFooter?

    /// - Throws: ``Malformed`` if the bytes are not a time zone, or count leap seconds.
    init(_ bytes: [UInt8]) throws(Malformed) {
        var reader = ByteReader(bytes)
        var header = try Header(&reader)
        var width = 4
        if header.version >= 2 {
            // The first block is for readers that know only 32 bits.
            try reader.skip(header.size(width: 4))
            header = try Header(&reader)
            width = 8
        }
        try readBlock(header, width, &reader)
        if header.version >= 2 { footer = try ZoneFooter(line: reader.line()) }
    }

    private mutating func readBlock(
        _ header: Header, _ width: Int, _ reader: inout ByteReader
    ) throws(Malformed) {
        guard header.leapSeconds == 0 else { throw Malformed(description: "it counts leap seconds") }
        guard header.types > 0 else { throw Malformed(description: "it has no offsets") }
        var times: [Int] = []
        for _ in 0..<header.times { times.append(try reader.integer(bytes: width)) }
        let kinds = try reader.bytes(header.times)
        var offsets: [Int] = []
        for _ in 0..<header.types {
            let offset = try reader.integer(bytes: 4)
            guard ZoneRules.maxOffset >= abs(offset) else {
                throw Malformed(description: "an offset is too large")
            }
            offsets.append(offset)
            try reader.skip(2)
        }
        try reader.skip(header.characters + header.standardFlags + header.universalFlags)
        firstOffset = offsets[0]
        var last: Int?
        for (time, kind) in zip(times, kinds) {
            guard Int(kind) < offsets.count else { throw Malformed(description: "a change has no offset") }
            guard last.map({ $0 < time }) ?? true else {
                throw Malformed(description: "its changes are not in order")
            }
            last = time
            changes.append((min(max(time, -ZoneRules.farAway), ZoneRules.farAway), offsets[Int(kind)]))
        }
    }
}

/// The header of a block.
private struct Header {
    let version: Int
    let universalFlags: Int
    let standardFlags: Int
    let leapSeconds: Int
    let times: Int
    let types: Int
    let characters: Int

    init(_ reader: inout ByteReader) throws(ZoneFile.Malformed) {
        guard try reader.bytes(4).elementsEqual("TZif".utf8) else {
            throw ZoneFile.Malformed(description: "it is not a TZif file")
        }
        let version = try reader.bytes(1).first ?? 0
        self.version = version == 0 ? 1 : Int(version) - Int(UInt8(ascii: "0"))
        try reader.skip(15)
        universalFlags = try reader.count()
        standardFlags = try reader.count()
        leapSeconds = try reader.count()
        times = try reader.count()
        types = try reader.count()
        characters = try reader.count()
    }

    /// The size of the block's data, if times have that many bytes.
    func size(width: Int) -> Int {
        times * (width + 1) + types * 6 + characters + leapSeconds * (width + 4) + standardFlags
            + universalFlags
    }
}

/// Reads big-endian numbers.
private struct ByteReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
    }

    mutating func bytes(_ count: Int) throws(ZoneFile.Malformed) -> ArraySlice<UInt8> {
        guard count <= rest.count else { throw ZoneFile.Malformed(description: "it is cut off") }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    mutating func skip(_ count: Int) throws(ZoneFile.Malformed) {
        _ = try bytes(count)
    }

    /// A signed number.
    mutating func integer(bytes count: Int) throws(ZoneFile.Malformed) -> Int {
        let value = try bytes(count).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return count == 4 ? Int(Int32(truncatingIfNeeded: value)) : Int(Int64(bitPattern: value))
    }

    /// A number of items; no file is large enough for more than 16 bits of them.
    mutating func count() throws(ZoneFile.Malformed) -> Int {
        let value = try integer(bytes: 4)
        guard 0...0xFFFF ~= value else { throw ZoneFile.Malformed(description: "a count is out of range") }
        return value
    }

    /// A line between two line breaks.
    mutating func line() throws(ZoneFile.Malformed) -> String {
        guard rest.popFirst() == UInt8(ascii: "\n"), let end = rest.firstIndex(of: UInt8(ascii: "\n")) else {
            throw ZoneFile.Malformed(description: "its last line is cut off")
        }
        return String(decoding: rest[..<end], as: UTF8.self)
    }
}
