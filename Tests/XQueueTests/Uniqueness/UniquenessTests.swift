import Testing
import XQueueCore

@testable import XQueue

@Suite("Which tasks are the same") struct UniquenessTests {
    private static func key(_ uniqueness: Uniqueness, _ payload: String) throws -> String {
        try uniqueness.rule(for: try RawJSON(payload)).key
    }

    @Test("The key of a payload is the digest of its canonical JSON") func digest() throws {
        // printf '{"a":[1,2.0],"b":"é"}' | sha256sum
        let whole = "8eb1c7d9ed7065e8235786bf3ad1a205839f6bf17dde7270396a28a4e87ecfdc"
        #expect(
            try Self.key(Uniqueness(by: []), #"{ "b":"\u00e9", "a":[1, 2.0] }"#) == "#\(whole)")
        #expect(
            try Self.key(Uniqueness(key: "k", by: []), #"{"a":[1,2.0],"b":"é"}"#) == "k#\(whole)")
        // printf 'by[{"path":"c.id","value":7},{"path":"absent"},{"path":"n","value":null}]' | sha256sum
        #expect(
            try Self.key(Uniqueness(by: ["c.id", "absent", "n"]), #"{"n":null,"c":{"id":7},"other":1}"#)
                == "#8f971b5936ce120d96631f93920f3b6b75bef1550855cf25a2229a9e9dfee4af")
        #expect(try Self.key(Uniqueness(key: "k"), #"{"a":1}"#) == "k")
        #expect(
            try Self.key(Uniqueness(by: ["a"]), #"{"a":1,"b":1}"#)
                != Self.key(Uniqueness(by: ["b"]), #"{"a":1,"b":1}"#))
    }

    @Test(
        "What is chosen decides, and nothing else",
        arguments: [
            (
                ["customer.id"], #"{"customer":{"id":7,"name":"a"}}"#,
                #"{"n":1,"customer":{"name":"b","id":7}}"#, true
            ),
            (["customer.id"], #"{"customer":{"id":7}}"#, #"{"customer":{"id":7.0}}"#, false),
            (["a", "b"], #"{"a":1}"#, #"{"b":1}"#, false),
            (["a", "b"], #"{"a":1,"b":2}"#, #"{"a":2,"b":1}"#, false),
            (["a"], "{}", #"{"a":null}"#, false), (["a"], "{}", #"{"a":""}"#, false),
            (["a"], "{}", "7", true),
            // No value can pass for two.
            (["a", "b"], #"{"a":"1\n2"}"#, #"{"a":"1","b":"2"}"#, false),
            (["a", "b"], #"{"a":12}"#, #"{"a":1,"b":2}"#, false),
            ([], #"{"a":1,"b":[{"d":1,"c":2}]}"#, #"{ "b" : [ {"c":2,"d":1} ] , "a":1 }"#, true),
            ([], #"{"a":1,"a":2}"#, #"{"a":2}"#, true), ([], "[1,2]", "[2,1]", false),
            ([], #"{"\ud800":1,"a":1}"#, #"{"\ud800":1,"a":2}"#, false),
            (["a"], #"{"\ud800":1,"a":1}"#, #"{"\ud800":1,"a":2}"#, false),
        ] as [([String], String, String, Bool)])
    func parts(_ by: [String], _ first: String, _ second: String, _ areSame: Bool) throws {
        let uniqueness = Uniqueness(by: by)
        #expect(try (Self.key(uniqueness, first) == Self.key(uniqueness, second)) == areSame)
    }

    @Test("Many deep paths cost little more than one") func cost() throws {
        let large = #"{"x":"\#(String(repeating: "x", count: 1 << 18))"}"#
        let payload = String(repeating: #"{"a":"#, count: 31) + large + String(repeating: "}", count: 31)
        func time(_ count: Int) throws -> Duration {
            let deep = Array(repeating: "a", count: 31).joined(separator: ".")
            let uniqueness = Uniqueness(by: (0..<count).map { "\(deep).y\($0)" })
            // The least of a few: others may have had the processor meanwhile.
            let times = try (0..<5).map { _ in
                try ContinuousClock().measure { _ = try Self.key(uniqueness, payload) }
            }
            return try #require(times.min())
        }
        let (one, many) = (try time(1), try time(32))
        #expect(many < one * 8, "\(one), \(many)")
    }

    private struct Case: Sendable, CustomTestStringConvertible {
        let field: String
        let uniqueness: Uniqueness

        init(_ field: String, _ uniqueness: Uniqueness) {
            self.field = field
            self.uniqueness = uniqueness
        }

        var testDescription: String { "\(field): \(uniqueness)".truncated(toBytes: 200) }
    }

    private static func debounced(
        _ wait: Duration, _ maxWait: Duration, until: UniqueRule.Until? = nil, window: Duration? = nil
    ) -> Uniqueness {
        Uniqueness(
            key: "k", until: until, window: window, onConflict: .debounce(.init(wait: wait, maxWait: maxWait))
        )
    }

    private static let long = ModelLimits.maxDuration + .milliseconds(1)

    private static let wrong: [Case] = [
        Case("unique", Uniqueness()), Case("unique.key", Uniqueness(key: "")),
        Case("unique.key", Uniqueness(key: String(repeating: "k", count: 257))),
        Case("unique.key", Uniqueness(key: String(repeating: "k", count: 192), by: [])),
        Case("unique.key", Uniqueness(key: "a\u{7F}")), Case("unique.by", Uniqueness(by: [""])),
        Case("unique.by", Uniqueness(by: Array(repeating: "a", count: 33))),
        Case("unique.by", Uniqueness(by: [String(repeating: "a", count: 257)])),
        Case("unique.by", Uniqueness(by: [String(repeating: ".", count: 32)])),
        Case("unique.window", Uniqueness(key: "k", until: .window)),
        Case("unique.window", Uniqueness(key: "k", until: .started, window: .seconds(1))),
        Case("unique.window", Uniqueness(key: "k", window: .zero)),
        Case("unique.window", Uniqueness(key: "k", window: .seconds(-1))),
        Case("unique.window", Uniqueness(key: "k", until: .window, window: long)),
        Case("unique.on_conflict", Uniqueness(key: "k", until: .started, onConflict: .rerun)),
        Case("unique.on_conflict", Uniqueness(key: "k", window: .seconds(1), onConflict: .rerun)),
        Case("unique.until", debounced(.seconds(1), .seconds(1), until: .done)),
        Case("unique.window", debounced(.seconds(1), .seconds(1), window: .seconds(1))),
        Case("unique.wait", debounced(.zero, .seconds(1))),
        Case("unique.wait", debounced(.seconds(-1), .seconds(1))),
        Case("unique.wait", debounced(long, long)),
        Case("unique.max_wait", debounced(.seconds(2), .seconds(1))),
        Case("unique.max_wait", debounced(.seconds(2), long)),
    ]

    @Test("A wrong field is named", arguments: wrong)
    private func invalid(_ wrong: Case) {
        let error = #expect(throws: QueueError.self) { try wrong.uniqueness.rule(for: .null) }
        #expect(error?.code == .invalidField && error?.field == wrong.field, "\(String(describing: error))")
    }

    @Test("The ends of every range are valid") func ends() throws {
        let longest = String(repeating: "k", count: 191)
        #expect(try Self.key(Uniqueness(key: longest, by: []), "1").utf8.count == 256)
        #expect(
            try Self.key(Uniqueness(key: longest + String(repeating: "k", count: 65)), "1").utf8.count == 256)
        let deepest = Array(repeating: "a", count: 32).joined(separator: ".")
        _ = try Self.key(Uniqueness(by: Array(repeating: deepest, count: 32)), "1")
        for window in [Duration.milliseconds(1), ModelLimits.maxDuration] {
            #expect(
                try Uniqueness(key: "k", until: .window, window: window).rule(for: .null).window == window)
            #expect(try Self.debounced(window, window).rule(for: .null).until == .started)
        }
        #expect(
            try Uniqueness(key: "k", window: .microseconds(1999)).rule(for: .null).window == .milliseconds(1))
        #expect(try Uniqueness(key: "k", isAcrossTypes: true).rule(for: .null).isAcrossTypes)
        #expect(try Uniqueness(key: "k").rule(for: .null) == UniqueRule(key: "k"))
    }
}
