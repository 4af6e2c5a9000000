import Foundation
import Testing
import XQueueCore
import XQueueTesting

/// Random values and random damage, checked against Foundation's parser.
@Suite("JSON against Foundation")
struct JSONRoundTripTests {
    private let random = SeededRandomSource(seed: 77)

    private func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }

    private func text() -> String {
        let alphabet = [
            "a", "\"", "\\", "/", "\n", "\u{1}", "é", "€", "😀", " ", "{", "]", ",", ":", "\u{7F}",
        ]
        return (0..<below(8)).map { _ in alphabet[below(alphabet.count)] }.joined()
    }

    private func value(depth: Int) -> Any {
        switch below(depth > 0 ? 7 : 5) {
        case 0: NSNull()
        case 1: below(2) == 0
        case 2: Int(truncatingIfNeeded: random.next() >> UInt64(below(60)))
        case 3: Double(below(2000) - 1000) / 8
        case 4: text()
        case 5: (0..<below(5)).map { _ in value(depth: depth - 1) }
        default: Dictionary((0..<below(5)).map { _ in (text(), value(depth: depth - 1)) }) { $1 }
        }
    }

    @Test func readsWhatFoundationWrites() throws {
        for _ in 0..<1000 {
            let original = value(depth: 4)
            var options: JSONSerialization.WritingOptions = [.fragmentsAllowed]
            if below(2) == 0 { options.insert(.prettyPrinted) }
            let data = try JSONSerialization.data(withJSONObject: original, options: options)
            let raw = try RawJSON(bytes: data)
            #expect(Data(raw.text.utf8) == data)
            let rewritten = try RawJSON(rewrite(raw))
            let read = try JSONSerialization.jsonObject(
                with: Data(rewritten.text.utf8), options: .fragmentsAllowed)
            let expected = try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)
            #expect(read as? NSObject == expected as? NSObject, "\(raw.text)")
        }
    }

    /// Parses the value and writes it again.
    private func rewrite(_ value: RawJSON) throws -> String {
        var writer = JSONWriter()
        try rewrite(value, &writer)
        return writer.text
    }

    private func rewrite(_ value: RawJSON, _ writer: inout JSONWriter) throws {
        if let members = try value.members() {
            let parts = try members.map { ($0.name, RawJSON(trusted: try rewrite($0.value))) }
            writer.object { writer in
                for (name, part) in parts {
                    // The writer does not escape names, so one that may need escapes is written as a value.
                    var escaped = JSONWriter()
                    escaped.value(name)
                    writer.member(String(escaped.text.dropFirst().dropLast()), part)
                }
            }
        } else if let elements = try value.elements() {
            let parts = try elements.map { RawJSON(trusted: try rewrite($0)) }
            writer.array(parts) { $0.value($1) }
        } else if let string = value.string {
            writer.value(string)
        } else if let integer = value.integer {
            writer.value(integer)
        } else {
            writer.value(value)
        }
    }

    @Test func rejectsDamagedTextLikeFoundation() throws {
        let noise = Array(#"{}[]",:\0-.eu tfn1"#.utf8)
        var refused = 0
        for _ in 0..<4000 {
            let data = try JSONSerialization.data(
                withJSONObject: value(depth: 3), options: .fragmentsAllowed)
            var bytes = Array(data)
            for _ in 0...below(2) {
                let at = below(bytes.count)
                switch below(3) {
                case 0: bytes[at] = noise[below(noise.count)]
                case 1: bytes.insert(noise[below(noise.count)], at: at)
                default: if bytes.count > 1 { bytes.remove(at: at) }
                }
            }
            let accepted = (try? RawJSON(bytes: bytes)) != nil
            let judged = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            if !accepted { refused += 1 }
            let text = String(decoding: bytes, as: UTF8.self)
            if judged != nil {
                // Foundation accepts a trailing comma, which RFC 8259 does not allow.
                #expect(accepted || text.contains(/,\s*[\]}]/), "\(text)")
            } else if accepted {
                // It rejects lone surrogates and out-of-range numbers, which are valid JSON.
                #expect(text.contains(#"\u"#) || text.contains("e"), "\(text)")
            }
        }
        #expect(refused > 1000)
    }
}
