extension RawJSON {
    /// The value in a form in which equal values have equal texts: without whitespace, with the members of objects in the
    /// order of their names, and with strings written in one way.
    ///
    /// Numbers stay as written, since `1` and `1.0` may be different to their reader. So do strings with an unpaired
    /// surrogate. Of a name given twice the last value counts.
    package var canonical: String {
        var copy = text
        let canonical = try? copy.scanned { scanner throws(JSONSyntaxError) in
            try scanner.canonicalValue()
        }
        // Valid JSON can be scanned.
        return canonical.map { String(decoding: $0, as: UTF8.self) } ?? text
    }
}

/// Canonical JSON as it is written. Like the scanner, it uses no stack for nesting.
private struct CanonicalText {
    private struct Member {
        /// Where its name is, as written and without quotes.
        let name: Range<Int>
        /// Where its value ends.
        var end: Int

        /// Where the whole member is.
        var range: Range<Int> { name.lowerBound - 1..<end }
    }

    private struct Container {
        let isObject: Bool
        /// Where its content starts.
        let start: Int
        var members: [Member] = []
    }

    private(set) var bytes: [UInt8] = []
    private var open: [Container] = []

    /// The byte that ends the innermost open container; nil if none is open.
    var close: UInt8? {
        open.last.map { UInt8(ascii: $0.isObject ? "}" : "]") }
    }

    var isInObject: Bool { open.last?.isObject ?? false }

    mutating func append(_ text: some Sequence<UInt8>) {
        bytes.append(contentsOf: text)
    }

    mutating func start(isObject: Bool) {
        bytes.append(UInt8(ascii: isObject ? "{" : "["))
        open.append(Container(isObject: isObject, start: bytes.count))
    }

    mutating func name(_ text: [UInt8]) {
        append(text)
        open[open.count - 1].members.append(
            Member(name: bytes.count - text.count + 1..<bytes.count - 1, end: bytes.count))
        bytes.append(UInt8(ascii: ":"))
    }

    mutating func comma() {
        endMember()
        bytes.append(UInt8(ascii: ","))
    }

    mutating func end() {
        endMember()
        guard let container = open.popLast() else { return }
        if container.isObject { sort(container) }
        bytes.append(UInt8(ascii: container.isObject ? "}" : "]"))
    }

    private mutating func endMember() {
        guard let last = open.last?.members.indices.last else { return }
        open[open.count - 1].members[last].end = bytes.count
    }

    private mutating func sort(_ object: Container) {
        let members = object.members
        let isSorted = zip(members, members.dropFirst()).allSatisfy { precedes($0, $1) }
        guard !isSorted else { return }
        let order = members.indices.sorted { left, right in
            if precedes(members[left], members[right]) { return true }
            return left < right && !precedes(members[right], members[left])
        }
        var content: [UInt8] = []
        content.reserveCapacity(bytes.count - object.start)
        for (place, index) in order.enumerated() {
            let isRepeated =
                place + 1 < order.count && !precedes(members[index], members[order[place + 1]])
            guard !isRepeated else { continue }
            if !content.isEmpty { content.append(UInt8(ascii: ",")) }
            content.append(contentsOf: bytes[members[index].range])
        }
        bytes.replaceSubrange(object.start..., with: content)
    }

    private func precedes(_ first: Member, _ second: Member) -> Bool {
        bytes[first.name].lexicographicallyPrecedes(bytes[second.name])
    }
}

extension JSONScanner {
    fileprivate mutating func canonicalValue() throws(JSONSyntaxError) -> [UInt8] {
        var text = CanonicalText()
        skipWhitespace()
        while true {
            switch current {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                text.start(isObject: current == UInt8(ascii: "{"))
                try skipByte()
                if current != text.close {
                    if text.isInObject { try name(to: &text) }
                    continue
                }
            case UInt8(ascii: "\""): text.append(try canonicalString())
            default: text.append(self.text(try skipValue()).utf8)
            }
            guard try advance(&text) else { return text.bytes }
        }
    }

    /// After a value: closes what ends with it.
    ///
    /// - Returns: Whether another value follows.
    private mutating func advance(_ text: inout CanonicalText) throws(JSONSyntaxError) -> Bool {
        while let close = text.close {
            skipWhitespace()
            if current == UInt8(ascii: ",") {
                try skipByte()
                text.comma()
                if text.isInObject { try name(to: &text) }
                return true
            }
            try expect(close)
            text.end()
        }
        return false
    }

    private mutating func name(to text: inout CanonicalText) throws(JSONSyntaxError) {
        text.name(try canonicalString())
        skipWhitespace()
        try expect(UInt8(ascii: ":"))
        skipWhitespace()
    }

    /// Skips the current byte, and whitespace after it.
    private mutating func skipByte() throws(JSONSyntaxError) {
        if let current { try expect(current) }
        skipWhitespace()
    }

    /// Skips a string and returns it as ``JSONWriter`` writes it.
    private mutating func canonicalString() throws(JSONSyntaxError) -> [UInt8] {
        let start = offset
        let hasEscapes = try skipString()
        let written = text(start..<offset)
        guard hasEscapes, let string = RawJSON(trusted: written).string else { return Array(written.utf8) }
        var writer = JSONWriter(capacity: written.utf8.count)
        writer.value(string)
        return writer.bytes
    }
}
