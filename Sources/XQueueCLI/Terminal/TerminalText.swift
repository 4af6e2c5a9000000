extension String {
    /// The text with escapes for characters that would control a terminal or break a log line: control characters, line
    /// ends of all kinds, and characters that change the text's direction.
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

    /// The text with a space for each such character, for tables.
    var onOneLine: String {
        changingControls { _ in " " }
    }

    /// JSON text with each such character as a JSON escape.
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

    /// Works on scalars: CR LF is a single `Character`, equal to neither of the two.
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
    /// Whether the character controls a terminal or the text's direction. All of these are in the first plane.
    fileprivate var isControl: Bool {
        switch value {
        case 0x20..<0x7F: false
        case ..<0x20, 0x7F..<0xA0: true
        // Directional marks, embeddings, overrides and isolates, and Unicode's two separators.
        case 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}

extension String {
    /// Number of columns on a terminal: two for East Asian wide characters and most emoji, none for combining marks.
    var displayWidth: Int {
        utf8.allSatisfy { $0 < 0x80 } ? utf8.count : reduce(0) { $0 + $1.displayWidth }
    }

    /// Truncates the text with `…` if it is wider than `width` columns.
    func fitted(to width: Int) -> String {
        guard displayWidth > width else { return self }
        guard width > 0 else { return "" }
        var text = ""
        var columns = 1
        for character in self {
            columns += character.displayWidth
            guard columns <= width else { break }
            text.append(character)
        }
        return text + "…"
    }

    /// Truncates the text in the middle if it is wider than `width` columns: names differ at both ends.
    func fittedInTheMiddle(to width: Int) -> String {
        guard displayWidth > width, width > 2 else { return fitted(to: width) }
        var end = ""
        var columns = 0
        for character in reversed() {
            columns += character.displayWidth
            guard columns <= (width - 1) / 2 else { break }
            end.insert(character, at: end.startIndex)
        }
        return fitted(to: width - end.displayWidth) + end
    }
}

extension Character {
    /// Scalars of a character share its cell, so it is as wide as the widest one.
    var displayWidth: Int {
        // A variation selector requests the emoji; a flag is two letters that are narrow by themselves.
        let isEmoji = unicodeScalars.contains("\u{FE0F}")
        let isFlag = unicodeScalars.count == 2 && unicodeScalars.allSatisfy { 0x1F1E6...0x1F1FF ~= $0.value }
        return isEmoji || isFlag ? 2 : unicodeScalars.reduce(0) { max($0, $1.displayWidth) }
    }
}

extension Unicode.Scalar {
    /// The blocks whose characters Unicode Standard Annex 11 calls wide or full-width, apart from emoji.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
        0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF01...0xFF60,
        0xFFE0...0xFFE6, 0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x1F200...0x1F265, 0x20000...0x3FFFD,
    ]

    fileprivate var displayWidth: Int {
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: return 0
        default: break
        }
        return properties.isEmojiPresentation || Self.wide.contains { $0 ~= value } ? 2 : 1
    }
}
