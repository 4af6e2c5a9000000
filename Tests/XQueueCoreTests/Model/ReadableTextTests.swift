import Testing
import XQueueCore

/// Texts meant only for people are repaired and truncated, never rejected.
@Suite struct ReadableTextTests {
    @Test(arguments: [
        ("", ""), ("plain", "plain"), ("a\tb\nc", "a\tb\nc"), ("“é” 字 😀", "“é” 字 😀"),
        ("a\r\nb\rc\n\r", "a\nb\nc\n\n"), ("\u{0}\u{1B}[31m\u{7F}", "␀␛[31m␡"),
        ("\u{85}\u{9F}\u{A0}", "\u{FFFD}\u{FFFD}\u{A0}"),
        ("\u{A9}©", "\u{A9}©"),
    ])
    func controlCharactersBecomeVisible(text: String, readable: String) {
        #expect(Array(text.readable(toBytes: 1000).unicodeScalars) == Array(readable.unicodeScalars))
    }

    @Test func aLongTextIsCutBetweenCharacters() {
        let text = String(repeating: "é\u{0}", count: 1000)
        for limit in 0...20 {
            let cut = text.readable(toBytes: limit)
            #expect(cut.utf8.count <= limit)
            #expect(cut.utf8.count > limit - 3)
            #expect(text.replacing("\u{0}", with: "␀").hasPrefix(cut))
        }
        #expect(String(repeating: "x", count: 5000).readable(toBytes: 4096).utf8.count == 4096)
    }

    @Test func failuresAndProgressTakeAnything() {
        var failure = AttemptFailure("a\u{0}b")
        #expect(failure.message == "a␀b")
        failure.message = String(repeating: "\u{1}", count: 2_000_000)
        #expect(failure.message.utf8.count <= ModelLimits.errorBytes)
        #expect(failure.message.hasPrefix("␁␁"))
        let progress = TaskProgress(percent: .nan, message: "\u{1B}" + String(repeating: "x", count: 1000))
        #expect(progress.percent == 0)
        #expect(progress.message?.hasPrefix("␛xxx") == true)
        #expect(progress.message?.utf8.count == ModelLimits.progressMessageBytes)
    }

    @Test(arguments: [
        (#""caf\udce9""#, "caf\u{FFFD}"), (#""\ud83d\ude00 \ud83d""#, "😀 \u{FFFD}"), (#""a\n""#, "a\n"),
        ("12.50", "12.50"),
        (#"{"a":[1]}"#, #"{"a":[1]}"#), ("true", "true"), ("null", nil), (#""""#, ""),
    ])
    func everyValueHasADisplayText(json: String, words: String?) throws {
        #expect(try RawJSON(json).displayText == words)
    }

    @Test(arguments: [
        (#"{"a":"b\n\"\\"}"#, #"{"a":"b\n\"\\"}"#), ("{\n\t\"a\":\r\n1}", "{\n\t\"a\":\r\n1}"),
        ("{\"a\":\"x\ny\tz\"}", #"{"a":"x\u000ay\u0009z"}"#), ("[\"\\\n\"]", #"["\\\u000a"]"#),
        ("[\"\u{1}\",\n\"\\\"\u{1F}\"]", "[\"\\u0001\",\n\"\\\"\\u001f\"]"),
    ])
    func almostValidJSONIsRepaired(text: String, repaired: String) throws {
        #expect(JSONRepair.text(Array(text.utf8)) == repaired)
        _ = try RawJSON(JSONRepair.text(Array(text.utf8)))
    }

    @Test func invalidUTF8IsReplaced() throws {
        let bytes = Array(#"{"error":"caf"#.utf8) + [0xE9] + Array(#""}"#.utf8)
        #expect(JSONRepair.text(bytes) == "{\"error\":\"caf\u{FFFD}\"}")
    }
}
