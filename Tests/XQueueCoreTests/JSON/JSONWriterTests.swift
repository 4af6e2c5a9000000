import Foundation
import Testing
import XQueueCore

@Suite("JSON writer")
struct JSONWriterTests {
    private func write(_ body: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        body(&writer)
        return writer.text
    }

    @Test func putsCommasWhereTheyBelong() throws {
        let text = write { writer in
            writer.object { writer in
                writer.member("a", 1)
                writer.name("b")
                writer.array([1, 2, 3]) { $0.value($1) }
                writer.name("c")
                writer.object { _ in }
                writer.name("d")
                writer.array([[1], [], [2, 3]]) { writer, row in writer.array(row) { $0.value($1) } }
                writer.member("e", true)
                writer.member("f", String?.none)
            }
        }
        #expect(text == #"{"a":1,"b":[1,2,3],"c":{},"d":[[1],[],[2,3]],"e":true,"f":null}"#)
        #expect(try RawJSON(text).text == text)
    }

    @Test func insertsRawValuesVerbatim() throws {
        let raw = try RawJSON(#"{ "x" : 1.0 }"#)
        #expect(write { $0.object { $0.member("p", raw) } } == #"{"p":{ "x" : 1.0 }}"#)
        #expect(write { $0.object { $0.member("p", RawJSON?.none) } } == #"{"p":null}"#)
    }

    @Test func writesNumbersThatAreJSON() throws {
        let numbers: [(Double, String)] = [
            (0, "0"), (-0.0, "0"), (1, "1"), (1.5, "1.5"), (-3, "-3"), (1e15, "1000000000000000"),
            (.nan, "null"), (.infinity, "null"), (-.infinity, "null"),
        ]
        for (number, text) in numbers { #expect(write { $0.value(number) } == text) }
        for number in [1e300, -2.5e-300, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 0.1] {
            let text = write { $0.value(number) }
            #expect(try RawJSON(text).number == number)
        }
        #expect(write { $0.value(Int64.min) } == "-9223372036854775808")
        #expect(write { $0.value(Int64.max) } == "9223372036854775807")
    }

    @Test func escapesWhatMustBeEscaped() throws {
        let characters =
            (0...0x200).compactMap { Unicode.Scalar($0).map(Character.init) } + ["😀", "\u{2028}"]
        let all = String(characters)
        let text = write { $0.value(all) }
        let raw = try RawJSON(text)
        #expect(raw.string.map { Array($0.utf8) } == Array(all.utf8))
        #expect(write { $0.value("a\"\\\n\r\t\u{1}\u{1F}/é") } == #""a\"\\\n\r\t\u0001\u001f/é""#)
    }

    @Test func writesTimesAndDurations() {
        let text = write { writer in
            writer.object { writer in
                writer.member("at", Timestamp(milliseconds: 1500))
                writer.member("never", Timestamp?.none)
                writer.member("long", Duration.seconds(90))
                writer.member("short", Duration.milliseconds(1250))
                writer.member("none", Duration?.none)
            }
        }
        #expect(
            text
                == #"{"at":"1970-01-01T00:00:01.500Z","never":null,"long":90,"short":1.25,"none":null}"#)
    }

    @Test func writingInPiecesGivesTheSameText() {
        let long = RawJSON(trusted: "\"\(String(repeating: "x", count: 1_000_000))\"")
        func written(_ writer: JSONWriter) -> JSONWriter {
            var writer = writer
            writer.object { writer in
                writer.member("first", long)
                writer.name("many")
                writer.array(0..<40_000) { $0.value($1) }
                writer.member("short", RawJSON(trusted: "{}"))
                writer.member("last", long)
            }
            return writer
        }
        let whole = written(JSONWriter())
        let parts = written(JSONWriter(isInPieces: true))
        #expect(whole.pieces.count == 1)
        #expect(parts.bytes == whole.bytes && parts.count == whole.count)
        #expect(parts.pieces.reduce(0) { $0 + $1.count } == whole.count)
        let texts = parts.pieces.filter { if case .text = $0 { true } else { false } }
        // Long values are not copied, and no array is larger than necessary.
        #expect(texts.count == 2 && texts.allSatisfy { $0.count == long.text.utf8.count })
        #expect(parts.pieces.filter { $0.count > 64 << 10 }.count == 2)
        #expect(JSONWriter(isInPieces: true).pieces.isEmpty)
    }
}
