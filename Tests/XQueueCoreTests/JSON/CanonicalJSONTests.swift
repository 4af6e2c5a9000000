import Testing
import XQueueCore

@Suite("Canonical JSON")
struct CanonicalJSONTests {
    @Test(
        "Equal values have one text",
        arguments: [
            ("null", "null"), (" [ 1 , 2.0,\t1e5 ,-0 ] ", "[1,2.0,1e5,-0]"), ("[ ]", "[]"), ("{ }", "{}"),
            (#"{"b":1,"a":2}"#, #"{"a":2,"b":1}"#),
            (
                #"{ "b" : { "d" : [ ] , "c" : { } } , "a" : [ { "f" : 1 , "e" : 2 } ] }"#,
                #"{"a":[{"e":2,"f":1}],"b":{"c":{},"d":[]}}"#
            ),
            // A prefix comes first, whatever follows the name.
            (#"{"a b":1,"a":2,"":3,"ab":4}"#, #"{"":3,"a":2,"a b":1,"ab":4}"#),
            // By bytes, not by language.
            (#"{"é":1,"z":2,"Z":3}"#, #"{"Z":3,"z":2,"é":1}"#),
            (#"["\u0041\/\u00e9\ud83d\ude00","\u000a\u001F\u0022\\"]"#, #"["A/é😀","\n\u001f\"\\"]"#),
            (#"{"\u0062":1,"a":2}"#, #"{"a":2,"b":1}"#),
        ])
    func text(_ written: String, _ canonical: String) throws {
        #expect(try RawJSON(written).canonical == canonical)
        #expect(try RawJSON(canonical).canonical == canonical, "canonical already")
    }

    @Test(
        "Of a name given twice the last value counts",
        arguments: [
            (#"{"a":1,"a":2}"#, #"{"a":2}"#), (#"{"a":2,"b":0,"\u0061":1}"#, #"{"a":1,"b":0}"#),
            (#"{"b":1,"a":1,"b":2,"a":2,"b":3}"#, #"{"a":2,"b":3}"#),
            (#"{"a":{"c":1,"b":1},"a":{"c":2,"b":2}}"#, #"{"a":{"b":2,"c":2}}"#),
        ])
    func repeated(_ written: String, _ canonical: String) throws {
        #expect(try RawJSON(written).canonical == canonical)
    }

    @Test(
        "Different values have different texts",
        arguments: [
            ("1", "1.0"), ("0", "-0"), ("1e1", "10"), ("1", #""1""#), ("null", #""null""#), ("[]", "{}"),
            ("[1,2]", "[2,1]"), ("[[1],2]", "[[1,2]]"), (#"{"a":1}"#, #"{"a":1,"b":null}"#),
            // Canonically equivalent in Unicode, but other bytes.
            ("\"\u{E9}\"", "\"e\u{301}\""), ("{\"\u{E9}\":1}", "{\"e\u{301}\":1}"),
            (#""\ud800""#, #""\udc00""#), (#""\ud800""#, #""\\ud800""#),
            (#"{"\ud800":1,"a":1}"#, #"{"\ud800":1,"a":2}"#), (#"{"\ud800":1}"#, "{}"),
            (#"{"\ud800":1,"\\ud800":2}"#, #"{"\ud800":2,"\\ud800":1}"#),
        ])
    func different(_ first: String, _ second: String) throws {
        let texts = try [RawJSON(first).canonical, RawJSON(second).canonical]
        #expect(!texts[0].utf8.elementsEqual(texts[1].utf8))
    }

    @Test("Names that are equivalent in Unicode are two members") func equivalentNames() throws {
        let both = "{\"\u{E9}\":1,\"e\u{301}\":2}"
        #expect(try RawJSON(both).canonical.utf8.elementsEqual("{\"e\u{301}\":2,\"\u{E9}\":1}".utf8))
    }

    @Test("A name with an unpaired surrogate hides no member") func unpaired() throws {
        #expect(
            try RawJSON(#"{ "b" : "\uD800" , "\udfff" : 1 , "a" : 2 }"#).canonical
                == #"{"\udfff":1,"a":2,"b":"\uD800"}"#)
    }

    @Test("However deep", arguments: [31, 32, 33, 511]) func deep(_ depth: Int) throws {
        func nested(_ inner: String) -> String {
            String(repeating: #"{ "b" : 0 , "a" : "#, count: depth) + inner
                + String(repeating: " }", count: depth)
        }
        let canonical = try RawJSON(nested(#"{ "d" : 1, "c" : 2 }"#)).canonical
        #expect(canonical.hasSuffix(#"{"c":2,"d":1}"# + String(repeating: #","b":0}"#, count: depth)))
        #expect(try canonical == RawJSON(nested("{\n\"c\":2,\"d\":1}")).canonical)
        #expect(try RawJSON(canonical).canonical == canonical)
        let arrays = String(repeating: "[ ", count: depth) + String(repeating: " ]", count: depth)
        #expect(try RawJSON(arrays).canonical == arrays.replacing(" ", with: ""))
    }

    @Test("Paths lead to members of members")
    func paths() throws {
        let value = try RawJSON(
            #"{"a":{"b":{"c":1},"b":{"c": [2] }},"":{"":3},"d":[{"e":4}],"n":null,"\u0078":5,"\ud800":6}"#)
        let paths = [
            "a.b.c", "a", "a.b", ".", "", "d", "d.e", "d.0", "n", "n.x", "x", "y", "a.y", "a.b.c.y", "A",
            "a.", "a.b.c",
        ]
        #expect(
            value.values(at: paths).map { $0?.text } == [
                "[2]", #"{"b":{"c":1},"b":{"c": [2] }}"#, #"{"c": [2] }"#, "3", #"{"":3}"#, #"[{"e":4}]"#,
                nil,
                nil, "null", nil, "5", nil, nil, nil, nil, nil, "[2]",
            ])
        #expect(try RawJSON("7").values(at: ["", "a"]) == [nil, nil])
        #expect(try RawJSON("{ }").values(at: ["a"]) == [nil])
        #expect(value.values(at: []).isEmpty)
        #expect(try RawJSON("{\"\u{E9}\":1}").values(at: ["e\u{301}"]) == [nil])
        #expect(
            try RawJSON("{\"\u{FFFD}\":1,\"\\ud800\":2}").values(at: ["\u{FFFD}"]).map { $0?.text } == ["1"])
    }
}
