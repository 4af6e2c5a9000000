/// The kind of a JSON value.
package enum JSONKind: String, Sendable {
    case object, array, string, number, boolean, null

    init(firstByte: UInt8?) {
        switch firstByte {
        case UInt8(ascii: "{"): self = .object
        case UInt8(ascii: "["): self = .array
        case UInt8(ascii: "\""): self = .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): self = .boolean
        case UInt8(ascii: "n"): self = .null
        default: self = .number
        }
    }
}

/// One member of a JSON object: its name, and its value as written.
package struct JSONMember: Sendable {
    package let name: String
    package let value: RawJSON
}

extension RawJSON {
    /// The object's members in order of appearance; nil if the value is not an object.
    package func members() throws(JSONSyntaxError) -> [JSONMember]? {
        try Self.members(of: text)
    }

    /// Parses `text` as one object, checking its syntax; nil if it is another kind of value.
    package static func members(of text: String) throws(JSONSyntaxError) -> [JSONMember]? {
        var copy = text
        return try copy.scanned { scanner throws(JSONSyntaxError) in
            scanner.skipWhitespace()
            guard scanner.current == UInt8(ascii: "{") else {
                _ = try scanner.skipValue()
                try scanner.finish()
                return nil
            }
            try scanner.expect(UInt8(ascii: "{"))
            scanner.skipWhitespace()
            var members: [JSONMember] = []
            if scanner.current == UInt8(ascii: "}") {
                try scanner.expect(UInt8(ascii: "}"))
                try scanner.finish()
                return members
            }
            while true {
                scanner.skipWhitespace()
                let name = try scanner.string()
                scanner.skipWhitespace()
                try scanner.expect(UInt8(ascii: ":"))
                scanner.skipWhitespace()
                let value = try scanner.skipValue()
                members.append(
                    JSONMember(name: name, value: RawJSON(trusted: scanner.text(value))))
                scanner.skipWhitespace()
                if scanner.current == UInt8(ascii: ",") {
                    try scanner.expect(UInt8(ascii: ","))
                    continue
                }
                try scanner.expect(UInt8(ascii: "}"))
                try scanner.finish()
                return members
            }
        }
    }

    /// The elements of the array; nil if the value is not an array.
    package func elements() throws(JSONSyntaxError) -> [RawJSON]? {
        guard kind == .array else { return nil }
        var copy = text
        return try copy.scanned { scanner throws(JSONSyntaxError) in
            try scanner.expect(UInt8(ascii: "["))
            var elements: [RawJSON] = []
            scanner.skipWhitespace()
            while scanner.current != UInt8(ascii: "]") {
                scanner.skipWhitespace()
                elements.append(RawJSON(trusted: scanner.text(try scanner.skipValue())))
                scanner.skipWhitespace()
                if scanner.current == UInt8(ascii: ",") { try scanner.expect(UInt8(ascii: ",")) }
            }
            return elements
        }
    }

    /// The number as an integer; nil for anything else, a fraction or exponent, or a number that is too large.
    package var integer: Int64? {
        kind == .number ? Int64(text) : nil
    }

    /// The number; nil for anything else, or a number too large for a `Double`.
    package var number: Double? {
        guard kind == .number, let value = Double(text), value.isFinite else { return nil }
        return value
    }

    /// The string's characters; nil for anything else, or a string with an unpaired surrogate.
    package var string: String? {
        guard kind == .string else { return nil }
        var copy = text
        return try? copy.scanned { scanner throws(JSONSyntaxError) in try scanner.string() }
    }

    /// The value as text for people: a string's characters, unpaired surrogates replaced; the JSON of any other
    /// value; nil for null.
    package var displayText: String? {
        guard kind == .string else { return kind == .null ? nil : text }
        var copy = text
        return try? copy.scanned { scanner throws(JSONSyntaxError) in try scanner.string(repairing: true) }
    }
}

extension JSONScanner {
    mutating func finish() throws(JSONSyntaxError) {
        skipWhitespace()
        guard isAtEnd else { throw unexpected("unexpected text after the value") }
    }

    /// Skips a string and returns its characters.
    ///
    /// - Parameter repairing: Whether to replace unpaired surrogates instead of throwing.
    mutating func string(repairing: Bool = false) throws(JSONSyntaxError) -> String {
        let start = offset
        let hasEscapes = try skipString()
        let inner = text(start + 1..<offset - 1)
        return hasEscapes ? try unescape(inner, at: start, repairing: repairing) : inner
    }

    private func unescape(
        _ text: String, at start: Int, repairing: Bool
    ) throws(JSONSyntaxError) -> String {
        var units: [UInt16] = []
        var rest = text.utf16.makeIterator()
        while let unit = rest.next() {
            guard unit == 0x5C, let escape = rest.next() else {
                units.append(unit)
                continue
            }
            switch UInt8(truncatingIfNeeded: escape) {
            case UInt8(ascii: "b"): units.append(0x08)
            case UInt8(ascii: "f"): units.append(0x0C)
            case UInt8(ascii: "n"): units.append(0x0A)
            case UInt8(ascii: "r"): units.append(0x0D)
            case UInt8(ascii: "t"): units.append(0x09)
            case UInt8(ascii: "u"):
                var value: UInt16 = 0
                for _ in 0..<4 { value = value << 4 | hexValue(rest.next() ?? 0) }
                units.append(value)
            default: units.append(escape)
            }
        }
        if repairing { return String(decoding: units, as: UTF16.self) }
        guard let text = String(validating: units, as: UTF16.self) else {
            throw JSONSyntaxError("unpaired surrogate in a string", at: start)
        }
        return text
    }

    private func hexValue(_ unit: UInt16) -> UInt16 {
        switch unit {
        case 0x30...0x39: unit - 0x30
        case 0x41...0x46: unit - 0x37
        default: unit - 0x57
        }
    }
}
