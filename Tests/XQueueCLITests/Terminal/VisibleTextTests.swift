import Testing

@testable import XQueueCLI

/// Text from tasks and callers, shown on a terminal or in a log.
@Suite struct VisibleTextTests {
    @Test(arguments: [
        ("plain, ü and 🎉", "plain, ü and 🎉"),
        ("a\nb", "a\\nb"), ("a\rb", "a\\rb"), ("a\r\nb", "a\\r\\nb"), ("a\tb", "a\\tb"),
        ("\u{1B}[31mred", "\\u{1B}[31mred"), ("\u{7F}\0", "\\u{7F}\\u{0}"), ("\u{9B}31m", "\\u{9B}31m"),
        ("\u{2028}x\u{2029}", "\\u{2028}x\\u{2029}"), ("\u{202E}cba", "\\u{202E}cba"),
        ("\u{2066}", "\\u{2066}"),
        // A combining accent and a flag are left alone.
        ("e\u{301} 🇩🇪", "e\u{301} 🇩🇪"),
    ])
    func controlCharactersAreEscaped(text: String, shown: String) {
        #expect(text.visible == shown)
    }

    @Test func tablesShowSpacesInstead() {
        #expect("a\r\nb\u{1B}[2J\u{202E}c\u{85}".onOneLine == "a  b [2J c ")
    }

    @Test func JSONStaysJSON() {
        #expect("{\"a\":\"\u{9B}\u{202E}\u{7F}\"}".visibleJSON == #"{"a":"\u009b\u202e\u007f"}"#)
        #expect("{\"a\":\"\u{9B}\"}\n{}\n".visibleJSONLines == "{\"a\":\"\\u009b\"}\n{}\n")
    }
}
