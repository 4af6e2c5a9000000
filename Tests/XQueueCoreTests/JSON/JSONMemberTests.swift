import Testing
import XQueueCore

@Suite("Members and elements of raw JSON")
struct JSONMemberTests {
    @Test func membersKeepOrderRepeatsAndText() throws {
        let value = try RawJSON(#" { "b" : [1, 2] ,"a":{ } , "b":"x" , "é\n\u0041":1.50} "#)
        let members = try #require(try value.members())
        #expect(members.map(\.name) == ["b", "a", "b", "é\nA"])
        #expect(members.map(\.value.text) == ["[1, 2]", "{ }", "\"x\"", "1.50"])
        #expect(try RawJSON("{}").members()?.isEmpty == true)
        #expect(try RawJSON("{ \n }").members()?.isEmpty == true)
    }

    @Test func onlyObjectsHaveMembersAndOnlyArraysHaveElements() throws {
        for text in ["1", "null", "[{}]", #""{}""#] {
            #expect(try RawJSON(text).members() == nil)
        }
        for text in ["1", "null", "{}", #""[]""#] { #expect(try RawJSON(text).elements() == nil) }
    }

    @Test(arguments: ["", "{", #"{"a":1"#, #"{"a":1}}"#, #"{"a":1,}"#, #"{"a":[}"#, "{} x", "x"])
    func readingMembersChecksTheSyntaxToo(_ text: String) {
        #expect(throws: JSONSyntaxError.self) { try RawJSON.members(of: text) }
    }

    @Test func elementsKeepTheirText() throws {
        let elements = try #require(try RawJSON(#"[ 1.0 , "a,]" ,[ ] , {"b": [1]}, null ]"#).elements())
        #expect(elements.map(\.text) == ["1.0", "\"a,]\"", "[ ]", #"{"b": [1]}"#, "null"])
        #expect(try RawJSON("[ ]").elements()?.isEmpty == true)
    }

    @Test func kinds() throws {
        let texts: [(String, JSONKind)] = [
            ("{}", .object), ("[]", .array), (#""""#, .string), ("-1", .number), ("0", .number),
            ("true", .boolean), ("false", .boolean), ("null", .null),
        ]
        for (text, kind) in texts { #expect(try RawJSON(text).kind == kind) }
    }

    @Test func integersAreExactOrNil() throws {
        let cases: [(String, Int64?)] = [
            ("0", 0), ("-0", 0), ("42", 42), ("9223372036854775807", .max),
            ("-9223372036854775808", .min), ("9223372036854775808", nil), ("1.0", nil), ("1e2", nil),
            (#""1""#, nil), ("true", nil), ("null", nil),
        ]
        for (text, value) in cases { #expect(try RawJSON(text).integer == value, "\(text)") }
    }

    @Test func numbersAreFiniteOrNil() throws {
        let cases: [(String, Double?)] = [
            ("0", 0), ("1.5", 1.5), ("-2e3", -2000), ("1e400", nil), ("-1e400", nil), ("1e-400", 0),
            (#""1""#, nil), ("[1]", nil),
        ]
        for (text, value) in cases { #expect(try RawJSON(text).number == value, "\(text)") }
    }

    @Test func stringsAreUnescaped() throws {
        let cases: [(String, String?)] = [
            (#""""#, ""), (#""a""#, "a"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
            (#""\u0041\u00e9\u20AC""#, "Aé€"), (#""\uD83D\uDE00!""#, "😀!"), (#""😀\n""#, "😀\n"),
            (#""\u0000""#, "\u{0}"), (#""\\u0041""#, "\\u0041"),
            (#""\ud83d""#, nil), (#""\ude00\ud83d""#, nil), (#""\ud83dx""#, nil), ("1", nil),
        ]
        for (text, value) in cases {
            let string = try RawJSON(text).string
            #expect(string.map { Array($0.utf8) } == value.map { Array($0.utf8) }, "\(text)")
        }
    }

    @Test func aLoneSurrogateIsNotAMemberName() {
        #expect(throws: JSONSyntaxError.self) { try RawJSON.members(of: #"{"\ud800":1}"#) }
    }
}
