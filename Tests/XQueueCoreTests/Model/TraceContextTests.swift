import Testing
import XQueueCore

@Suite("Trace context") struct TraceContextTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let parent = "00f067aa0ba902b7"

    @Test(
        "A valid trace parent is kept verbatim",
        arguments: [
            "00-\(trace)-\(parent)-00", "00-\(trace)-\(parent)-ff", "01-\(trace)-\(parent)-01",
            "cc-\(trace)-\(parent)-01-what.comes_later",
        ])
    func legal(_ text: String) {
        #expect(TraceContext(parent: text)?.parent == text)
    }

    @Test(
        "An invalid trace parent gives no trace",
        arguments: [
            "", "00", "00-\(trace)-\(parent)", "00-\(trace)-\(parent)-01-more", "00-\(trace)-\(parent)-01 ",
            "ff-\(trace)-\(parent)-01", "00-\(trace)-\(parent)-0G", "00-\(trace.uppercased())-\(parent)-01",
            "00-00000000000000000000000000000000-\(parent)-01", "00-\(trace)-0000000000000000-01",
            "00_\(trace)-\(parent)-01", "01-\(trace)-\(parent)-01more", "01-\(trace)-\(parent)-01-\u{1F600}",
            "01-\(trace)-\(parent)-01-" + String(repeating: "x", count: 250),
        ])
    func illegal(_ text: String) {
        #expect(TraceContext(parent: text) == nil)
    }

    @Test("An invalid trace state is dropped, the trace is kept") func state() throws {
        let parent = "00-\(Self.trace)-\(Self.parent)-01"
        #expect(TraceContext(parent: parent, state: "a=1, b=2")?.state == "a=1, b=2")
        for state in ["", "a", "a=\u{0}", "a=\u{E9}", "a=\n", "a=" + String(repeating: "x", count: 511)] {
            let trace = try #require(TraceContext(parent: parent, state: state))
            #expect(trace.state == nil)
        }
    }

    @Test("Round-trips through its text form", arguments: [nil, "a=1, b=2"])
    func text(_ state: String?) throws {
        let trace = try #require(TraceContext(parent: "00-\(Self.trace)-\(Self.parent)-01", state: state))
        #expect(TraceContext(text: trace.text) == trace)
        #expect(TraceContext(text: "") == nil)
    }
}
