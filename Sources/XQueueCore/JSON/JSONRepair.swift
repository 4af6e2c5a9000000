/// Turns nearly valid JSON into JSON, for requests that matter more than the text in them.
package enum JSONRepair {
    /// The bytes as text: invalid UTF-8 is replaced, and control characters within strings, such as the line
    /// breaks of pasted text, are escaped. Valid JSON stays unchanged.
    package static func text(_ bytes: some Collection<UInt8>) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        return text.utf8.contains { $0 < 0x20 } ? escaped(text) : text
    }

    private static func escaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 64)
        var isInString = false
        var isEscaped = false
        for byte in text.utf8 {
            if isInString, byte < 0x20 {
                // The backslash before it was not a valid escape.
                if isEscaped { bytes.append(UInt8(ascii: "\\")) }
                isEscaped = false
                bytes.append(contentsOf: (byte < 16 ? #"\u000"# : #"\u00"#).utf8)
                bytes.append(contentsOf: String(byte, radix: 16).utf8)
                continue
            }
            bytes.append(byte)
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\"") {
                isInString.toggle()
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = isInString
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
