import Testing
import XQueueCore

@Suite("Raw JSON")
struct RawJSONTests {
    @Test(arguments: [
        "null", "true", "false", "0", "-0", "12", "-12", "1.5", "0.0", "1e5", "1E+5", "-1.25e-10",
        "123456789012345678901234567890", "1e999", #""""#, #""a""#, #""\"\\\/\b\f\n\r\t""#,
        #""\u0000""#, #""\uD83D\uDE00""#, #""\ud83d""#, #""é😀""#, "\"\u{7F}\u{2028}\"", "[]", "[ ]",
        "[1]", "[1,2 , 3]", "[[],[[]],{}]", "{}", "{ }", #"{"a":1}"#, #"{ "a" : [ 1 , {"b":null} ] }"#,
        #"{"a":1,"a":2}"#, #"{"":{}}"#,
    ])
    func keepsValidTextByteForByte(_ text: String) throws {
        let value = try RawJSON(text)
        #expect(value.text.utf8.elementsEqual(text.utf8))
        let fromBytes = try RawJSON(bytes: Array(text.utf8))
        #expect(fromBytes == value)
        let padded = try RawJSON(" \t\r\n\(text)\n\r\t ")
        #expect(padded == value)
        let nested = try RawJSON("[\(text), \(text)]").elements()
        #expect(nested == [value, value])
    }

    @Test(arguments: [
        "", " ", "nul", "nulll", "null null", "True", "tru", "undefined", "NaN", "Infinity", "'a'",
        "-", "+1", "01", "-01", "1.", ".5", "1.e5", "1e", "1e+", "0x10", "1_000", "1,", "--1", "1 2",
        "\"", #""a"#, #""\"#, #""\x""#, #""\u12""#, #""\u12G4""#, #""\U0041""#, "\"\n\"", "\"\t\"",
        "\"\u{0}\"", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1}", "{", "}", "{]", #"{"a"}"#,
        #"{"a":}"#, #"{"a":1,}"#, #"{,"a":1}"#, #"{"a":1 "b":2}"#, "{a:1}", "{1:2}", #"{"a"::1}"#,
        #"{"a":1]"#, "[]]", "{}}", "/**/1", "1//", "\u{FEFF}1", "\u{A0}1",
    ])
    func rejectsAnythingButOneValue(_ text: String) {
        #expect(throws: JSONSyntaxError.self) { try RawJSON(text) }
        #expect(throws: JSONSyntaxError.self) { try RawJSON("[{\"a\": \(text)") }
    }

    @Test(
        arguments: [
            [0x22, 0xFF, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
            [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], [0x22, 0x80, 0x22], [0xFF, 0xFE, 0x31, 0x00],
            [0x22, 0xF0, 0x9F, 0x98, 0x22],
        ] as [[UInt8]])
    func rejectsInvalidUTF8(_ bytes: [UInt8]) {
        #expect(throws: JSONSyntaxError.self) { try RawJSON(bytes: bytes) }
    }

    @Test func boundsTheDepthButNotTheLength() throws {
        func nested(_ depth: Int, _ open: String, _ close: String) -> String {
            String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
        }
        let deepest = ModelLimits.jsonDepth
        for (open, close) in [("[", "]"), (#"{"a":"#, "}"), (#"[{"a":"#, "}]")] {
            let levels = open.utf8.filter { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "{") }.count
            let text = nested(deepest / levels, open, close)
            #expect(try RawJSON(text).text == text)
            #expect(throws: JSONSyntaxError.self) {
                try RawJSON(nested(deepest / levels + 1, open, close))
            }
        }
        #expect(throws: JSONSyntaxError.self) { try RawJSON(String(repeating: "[", count: 1_000_000)) }
        let long = "[" + String(repeating: "[],", count: 50_000) + "1]"
        #expect(try RawJSON(long).elements()?.count == 50_001)
    }

    @Test func reportsTheErrorPosition() {
        let cases: [(String, Int)] = [("[1,x]", 3), (#"{"a" 1}"#, 5), ("", 0), ("nulx", 3), ("1 1", 2)]
        for (text, offset) in cases {
            do throws(JSONSyntaxError) {
                _ = try RawJSON(text)
                Issue.record("\(text) is not JSON")
            } catch {
                #expect(error.offset == offset, "\(text)")
                #expect(!error.message.isEmpty)
            }
        }
    }

    @Test func equalMeansTheSameBytes() throws {
        let composed = try RawJSON("\"\u{E9}\"")
        let decomposed = try RawJSON("\"e\u{301}\"")
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed, composed]).count == 2)
        #expect(try RawJSON("1") != RawJSON("1.0"))
    }

    @Test func encodesAndDecodesValues() throws {
        struct Payload: Codable, Equatable {
            var name: String
            var count: Int?
        }
        let payload = Payload(name: "é \"x\"", count: 3)
        let raw = try RawJSON(encoding: payload)
        #expect(try raw.decode(Payload.self) == payload)
        #expect(try RawJSON(encoding: "text").decode(String.self) == "text")
        let kept = try RawJSON("{ \"a\" : 1 }")
        #expect(throws: (any Error).self) { try kept.decode(Payload.self) }
    }

    @Test func passesThroughOtherCodables() throws {
        struct Envelope: Codable, Equatable {
            var id: Int
            var content: RawJSON
            var note: RawJSON?
        }
        let text = #"{"content":{"a":[1,-2,18446744073709551615,0.5,true,null,"é"]},"id":7}"#
        let envelope = try RawJSON(text).decode(Envelope.self)
        #expect(envelope.content.text == #"{"a":[1,-2,18446744073709551615,0.5,true,null,"é"]}"#)
        #expect(envelope.note == nil)
        let again = try RawJSON(encoding: envelope).decode(Envelope.self)
        #expect(again == envelope)
    }

    @Test func namesThatNeedEscapesPassThroughOtherCodables() throws {
        let text = #"[{"a\"b":1,"c\\":{"d\n":"e\"f"},"é\u0001":null}]"#
        let value = try #require(try RawJSON(text).decode([RawJSON].self).first)
        #expect(try RawJSON(value.text) == value)
        #expect(try value.members()?.map(\.name) == ["a\"b", "c\\", "é\u{1}"])
        #expect(try RawJSON(encoding: [value]).decode([RawJSON].self) == [value])
    }

    @Test func roundTripsByteForByte() throws {
        let odd = try RawJSON(#"{ "b" : 1.0, "a" : 100000000000000000000000001 }"#)
        #expect(try RawJSON(encoding: odd) == odd)
        #expect(try RawJSON(encoding: Optional(odd)) == odd)
        #expect(try odd.decode(RawJSON.self) == odd)
    }
}
