#if Redis

import Testing
import XQueueCore
@testable import XQueueRedis

@Suite("Packed forms")
struct FormTests {
    /// The forms of the current layout. A change here requires a new layout and a migration.
    @Test(
        "Forms match the layout",
        arguments: [
            ("DEFINITION", "'>I6I6i4I2I6I6I4BI6I6dsss'"), ("SENT", "'>i4I2I6I6I4BI6I6dsss'"),
            ("STATE", "'>BBBI2I4I6I6I6I6I6I6I6I6I8dI4sssI2'"), ("ERROR_ENTRY", "'>I4BI6I6I2I2'"),
            ("OUTCOME", "'>I8BBdI2'"), ("FAILURE", "'>BBBdd'"), ("SNOOZE", "'>d'"), ("ENTRY", "'>I6I6'"),
            ("STATUS_HEAD", "'>BBBI4I2ssI2'"), ("PROGRESS_HEAD", "'>BdssI2'"), ("GROUP", "'>I4'"),
            ("END", "'>I6'"), ("ANNOUNCEMENT", "'>I6'"),
        ])
    func formats(_ name: String, _ format: String) throws {
        #expect(try #require(Forms.all[name]).format() == format)
    }

    @Test("Field names in tables are unique")
    func names() throws {
        let names = Forms.numbered.flatMap { Forms.all[$0]?.fields.map(\.name) ?? [] }
        #expect(Set(names).count == names.count)
        #expect(names.allSatisfy { !Forms.all.keys.contains($0) })
    }

    @Test("Macros expand field names")
    func macros() throws {
        #expect(
            try FormMacros.expand("local process_timeout, max_retry = READ(SENT, f(a, 'x,)'))")
                == "local _, max_retry, _, process_timeout = struct.unpack('>i4I2I6I6', f(a, 'x,)'))")
        #expect(
            try FormMacros.expand("local size, rest = READ(GROUP, old, at)")
                == "local size, rest = struct.unpack('>I4', old, at)")
        #expect(
            try FormMacros.expand("FIELD(ENTRY, TIME, b) + FIELD(ENTRY, FIRST, b)")
                == "(select(2, struct.unpack('>I6I6', b))) + (struct.unpack('>I6', b))")
        #expect(
            try FormMacros.expand("WRITE(FAILURE, {wait = f(1, 2), permanent = 1})")
                == "struct.pack('>BBBdd', 0, 1, 0, f(1, 2), 0.0)")
        #expect(
            try FormMacros.expand("local ALL = READ(END, b)")
                == "local ended_at, rest = struct.unpack('>I6', b)")
        #expect(
            try FormMacros.expand("FIELDS(ENTRY, ALL, {time = 'READ(x)'})") == "first, 'READ(x)'")
    }

    @Test(
        "Unknown names are rejected",
        arguments: [
            "local nothing = READ(SENT, a)", "READ(NOTHING, a)", "WRITE(SENT, {nothing = 1})",
            "FIELD(SENT, a)", "FIELD(SENT, NOTHING, a)", "WRITE(SENT, {", "WRITE(SENT, {rest = 1})",
        ])
    func unknown(_ script: String) {
        #expect(throws: RedisError.self) { try FormMacros.expand(script) }
    }

    private func definition(_ adjust: (inout TaskDefinition) -> Void) -> NewTask {
        NewTask(id: TaskID(high: 1, low: 2), type: "a", payload: RawJSON(trusted: "[1]"), adjust)
    }

    /// The times that a script would add.
    private static let times: [UInt8] = [0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 9]

    @Test("A definition survives a round trip")
    func definitions() throws {
        let task = definition {
            $0.priority = -5
            $0.maxRetry = 1000
            $0.queueTimeout = nil
            $0.processTimeout = .milliseconds(1)
            $0.concurrency = ConcurrencyLimit(key: "k/ä", limit: 4)
            $0.uniqueKey = "u"
            $0.retryPolicy.strategy = .linear
            $0.retryPolicy.jitter = 0.25
            $0.trace = TraceContext(
                text: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 a=1")
        }
        #expect(task.trace != nil)
        let bytes = try StoredDefinition.pack(task)
        let record = try StoredDefinition.record(task.id, Self.times + bytes)
        #expect(record.definition == task.definition)
        #expect(record.createdAt == Timestamp(milliseconds: 7))
        #expect(record.runAt == Timestamp(milliseconds: 9))
    }

    @Test("Missing texts at the end take no space, and the trace keeps its position")
    func opaque() throws {
        let plain = try StoredDefinition.pack(definition { _ in })
        #expect(Array(plain.suffix(3)) == Array("[1]".utf8))
        let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        let traced = try StoredDefinition.pack(definition { $0.trace = TraceContext(text: text) })
        #expect(traced == plain + [0] + Array(text.utf8) + [0])
    }

    @Test("Passive texts survive a round trip, whichever are missing")
    func opaqueTexts() throws {
        for texts: [String?] in [[], ["a"], [nil, "b"], ["a", nil, "c"], [nil, nil, "c"], ["a", nil]] {
            var writer = PackedWriter(capacity: 16)
            var payload = "{}"
            writer.payload(&payload)
            for var text in texts { writer.opaque(&text) }
            // A later version reads more texts than there are.
            var reader = PackedReader(writer.bytes)
            payload = ""
            reader.payload(&payload)
            #expect(payload == "{}")
            for expected in texts + [nil, nil] {
                var text: String? = "x"
                try reader.opaque(&text)
                #expect(text == expected)
            }
        }
    }

    @Test("A string with NUL is rejected", arguments: ["a\0", "\0"])
    func nul(_ text: String) {
        #expect(throws: StoreError.self) {
            try StoredDefinition.pack(definition { $0.uniqueKey = text })
        }
    }
}

#endif
