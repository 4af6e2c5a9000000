#if Redis

import XQueueCore

/// A command in the wire format (RESP), built argument by argument.
///
/// The argument count comes first on the wire but is known last, so it is written when the command is queued.
package struct RedisCommand: Sendable {
    /// Number of arguments, including the name.
    private(set) var count = 0
    /// The encoded arguments.
    private(set) var body: [UInt8] = []

    /// Creates a command without arguments, with room for `capacity` bytes.
    package init(_ name: String, capacity: Int = 256) {
        body.reserveCapacity(capacity)
        append(name)
    }

    package init(_ name: String, _ arguments: String...) {
        self.init(name)
        for argument in arguments { append(argument) }
    }

    /// Approximate size on the wire, in bytes.
    var size: Int { body.count + 8 }

    package mutating func append(_ text: String) {
        appendHeader(length: text.utf8.count)
        body.append(contentsOf: text.utf8)
        appendLineEnd()
    }

    package mutating func append(_ bytes: some Collection<UInt8>) {
        appendHeader(length: bytes.count)
        body.append(contentsOf: bytes)
        appendLineEnd()
    }

    mutating func append(_ id: TaskID) {
        appendHeader(length: TaskID.packedLength)
        id.pack(into: &body)
        appendLineEnd()
    }

    package mutating func append(_ number: Int64) {
        let digits = DecimalDigits(number)
        appendHeader(length: digits.count)
        digits.write(to: &body)
        appendLineEnd()
    }

    package mutating func append(_ number: Int) {
        append(Int64(number))
    }

    private mutating func appendHeader(length: Int) {
        count += 1
        body.append(UInt8(ascii: "$"))
        DecimalDigits(Int64(length)).write(to: &body)
        appendLineEnd()
    }

    private mutating func appendLineEnd() {
        body.append(13)
        body.append(10)
    }
}

#endif
