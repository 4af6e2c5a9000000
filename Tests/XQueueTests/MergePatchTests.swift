import Testing
import XQueueCore

@testable import XQueue

@Suite("JSON merge patches") struct MergePatchTests {
    /// The examples of RFC 7396, appendix A.
    @Test(
        "Merge as RFC 7396 says",
        arguments: [
            (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
            (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
            (#"{"a":"b"}"#, #"{"a":null}"#, "{}"), (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
            (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
            (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
            (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
            (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#),
            (#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#),
            (#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#), (#"{"a":"foo"}"#, "null", "null"),
            (#"{"a":"foo"}"#, #""bar""#, #""bar""#), (#"{"e":null}"#, #"{"a":1}"#, #"{"e":null,"a":1}"#),
            ("[1,2]", #"{"a":"b","c":null}"#, #"{"a":"b"}"#),
            ("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
            // Names may need escapes.
            (#"{"a\"\b":{"\\":1}}"#, #"{"a\"\b":{"\n":2}}"#, #"{"a\"\u0008":{"\\":1,"\n":2}}"#),
            // Names are the same only byte for byte.
            ("{\"\u{E9}\":1,\"e\u{301}\":2}", "{\"\u{E9}\":3}", "{\"\u{E9}\":3,\"e\u{301}\":2}"),
            // Numbers stay as they are written.
            (#"{"a":12345678901234567890.10}"#, #"{"b":1e400}"#, #"{"a":12345678901234567890.10,"b":1e400}"#),
        ])
    func merge(_ target: String, _ patch: String, _ expected: String) throws {
        let merged = try MergePatch.merge(RawJSON(trusted: patch), into: RawJSON(trusted: target))
        #expect(merged.text == expected)
    }
}
