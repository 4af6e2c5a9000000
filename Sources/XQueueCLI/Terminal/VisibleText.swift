extension String {
    /// The text with an escape in the place of each character that would do something to a terminal or a log rather
    /// than be seen: control characters, line ends of all kinds, and those that turn the direction of what follows.
    var visible: String {
        changingControls { scalar in
            switch scalar {
            case "\n": "\\n"
            case "\r": "\\r"
            case "\t": "\\t"
            default: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
            }
        }
    }

    /// The text with a space in the place of each such character, as it stands in a table.
    var onOneLine: String {
        changingControls { _ in " " }
    }

    /// JSON text with each such character written as JSON's own escape.
    var visibleJSON: String {
        changingControls { scalar in
            let digits = String(scalar.value, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
    }

    /// The same for lines of JSON.
    var visibleJSONLines: String {
        utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self).visibleJSON }
            .joined(separator: "\n")
    }

    /// Goes by scalars: CR LF is one `Character`, which equals neither of the two.
    private func changingControls(_ replacement: (Unicode.Scalar) -> String) -> String {
        guard unicodeScalars.contains(where: \.isControl) else { return self }
        var text = ""
        for scalar in unicodeScalars {
            if scalar.isControl { text += replacement(scalar) } else { text.unicodeScalars.append(scalar) }
        }
        return text
    }
}

extension Unicode.Scalar {
    /// All such characters are in the first plane.
    fileprivate var isControl: Bool {
        switch value {
        case 0x20..<0x7F: false
        case ..<0x20, 0x7F..<0xA0: true
        // Marks, embeddings, overrides and isolates of direction, and the two separators of Unicode.
        case 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
