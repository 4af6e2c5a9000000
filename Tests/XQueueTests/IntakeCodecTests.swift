import Testing
import XQueueCore

@testable import XQueue

@Suite("Tasks in the intake log") struct IntakeCodecTests {
    private static let origin = IntakeOrigin(log: "task-queue", part: 2, position: 42)
    private static let written = Timestamp(milliseconds: 1_764_000_000_000)

    private func record(_ value: String, at origin: IntakeOrigin = origin) -> IntakeRecord {
        IntakeRecord(origin: origin, timestamp: Self.written, key: nil, value: Array(value.utf8))
    }

    private func task(_ value: String) throws(QueueError) -> NewTask {
        try IntakeDecoder(QueueConfiguration()).task(record(value))
    }

    @Test("A node reads what a node writes") func roundTrip() throws {
        var task = NewTask(
            id: TaskIDGenerator().next(), type: "resize", payload: try RawJSON(#"{"a":"é\n"}"#))
        task.priority = -7
        task.maxRetry = 0
        task.queueTimeout = nil
        task.processTimeout = .milliseconds(1500)
        task.concurrency = ConcurrencyLimit(key: "user 1", limit: 3)
        task.metadata = try RawJSON(#"{"user": 7.0}"#)
        task.uniqueKey = "only \"one\""
        task.retryPolicy = RetryPolicy(
            strategy: .linear, delay: .seconds(2), maxDelay: .seconds(9), jitter: 0.5)
        task.schedule = .at(Self.written + .seconds(60))
        let message = IntakeMessage(task, acceptedAt: Self.written)
        #expect(try self.task(message.value) == task)
        #expect(message.key == "user 1")
        #expect(message.headers == [IntakeHeader("task_type", "resize"), IntakeHeader("priority", "-7")])
    }

    @Test(
        "A rule passes through the log, whatever it says",
        arguments: [
            UniqueConflict.returnExisting, .reject, .replace, .rerun,
            .debounce(.init(wait: .milliseconds(1), maxWait: ModelLimits.maxDuration)),
            .debounce(.init(wait: .seconds(5), maxWait: .milliseconds(5001), keepsFirst: true)),
        ])
    func uniqueness(_ conflict: UniqueConflict) throws {
        let isDebounce = if case .debounce = conflict { true } else { false }
        var rules = [UniqueRule(key: String(repeating: "k", count: 256))]
        rules.append(rules[0])
        rules[1].isAcrossTypes = true
        if isDebounce {
            for index in rules.indices { rules[index].until = .started }
        } else if conflict != .rerun {
            for until in [UniqueRule.Until.started, .window, .done] {
                var rule = UniqueRule(key: "k#\"")
                rule.until = until
                rule.window = until == .started ? nil : .milliseconds(1)
                rules.append(rule)
            }
        }
        for rule in rules {
            var task = NewTask(id: TaskIDGenerator().next(), type: "a") { $0.unique = rule }
            task.schedule = .at(Self.written + .seconds(60))
            task.onConflict = conflict
            #expect(try self.task(IntakeMessage(task, acceptedAt: Self.written).value) == task)
        }
    }

    @Test("A debounced task waits from its acceptance on") func debounced() throws {
        let task = try self.task(
            #"{"type":"a","created_at":"2026-01-01T00:00:00Z","unique":{"key":"k","on_conflict":"debounce","wait":5}}"#
        )
        #expect(task.schedule == .at(Timestamp(milliseconds: 1_767_225_605_000)))
        #expect(task.onConflict == .debounce(.init(wait: .seconds(5), maxWait: .seconds(50))))
    }

    @Test("Without a concurrency key, tasks are spread by their identifiers") func key() {
        let id = TaskIDGenerator().next()
        let message = IntakeMessage(NewTask(id: id, type: "a"), acceptedAt: Self.written)
        #expect(message.key == id.description)
        #expect(message.headers.count == 2)
    }

    @Test("A trace passes through the log with its task") func trace() throws {
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        let trace = try #require(TraceContext(parent: parent, state: "a=1,b=2"))
        let message = IntakeMessage(
            NewTask(id: TaskIDGenerator().next(), type: "a") { $0.trace = trace }, acceptedAt: Self.written)
        #expect(
            message.headers.suffix(2) == [
                IntakeHeader("traceparent", parent), IntakeHeader("tracestate", "a=1,b=2"),
            ])
        let record = IntakeRecord(
            origin: IntakeOrigin(log: "tasks", part: 3, position: 40), timestamp: Self.written, key: nil,
            value: Array(message.value.utf8), trace: trace)
        #expect(try IntakeDecoder(QueueConfiguration()).task(record).trace == trace)
    }

    @Test("Damaged records give a task or an error", arguments: 0..<8) func damaged(
        _ round: Int
    ) throws {
        var task = NewTask(
            id: TaskIDGenerator().next(), type: "resize", payload: try RawJSON(#"{"a":"é","n":[1,2.5e300]}"#))
        task.concurrency = ConcurrencyLimit(key: "user 1", limit: 3)
        task.uniqueKey = "one"
        task.retryPolicy = RetryPolicy(
            strategy: .linear, delay: .seconds(2), maxDelay: .seconds(9), jitter: 0.5)
        task.schedule = round % 2 == 0 ? .after(.seconds(60)) : .at(Self.written)
        let whole = Array(IntakeMessage(task, acceptedAt: Self.written).value.utf8)
        let extremes: [Int64] = [.min, -1, 0, 1, .max, .max - 1]
        let decoder = IntakeDecoder(QueueConfiguration())
        let digits = whole.indices.filter { UInt8(ascii: "0")...UInt8(ascii: "9") ~= whole[$0] }
        for _ in 0..<1000 {
            var value = whole
            for _ in 0..<Int.random(in: 0...4) {
                // Half of them replace numbers by other numbers.
                let place =
                    (Bool.random() ? digits.randomElement() : nil) ?? value.indices.randomElement() ?? 0
                guard place < value.count else { continue }
                switch Int.random(in: 0..<4) {
                case 0: value[place] = .random(in: 0...255)
                case 1: value.insert(contentsOf: "99999999999999999999".utf8, at: place)
                case 2: value.remove(at: place)
                default: value.insert(contentsOf: "-1e308".utf8, at: place)
                }
            }
            let record = IntakeRecord(
                origin: IntakeOrigin(
                    log: "t", part: .random(in: .min ... .max), position: extremes.randomElement() ?? 0),
                timestamp: Timestamp(milliseconds: extremes.randomElement() ?? 0), key: nil, value: value)
            do throws(QueueError) {
                let read = try decoder.task(record)
                _ = TaskStateMachine.submit(read, at: Timestamp(milliseconds: extremes.randomElement() ?? 0))
                _ = IntakeMessage(read, acceptedAt: record.timestamp)
            } catch {
                #expect(!error.message.isEmpty)
            }
        }
    }

    @Test("A delay counts from the task's acceptance, or else from the record's time") func delay()
        throws
    {
        let accepted = #"{"type":"a","delay":60,"created_at":"2026-01-31T09:30:00Z"}"#
        let time = try #require(RFC3339Reader.timestamp("2026-01-31T09:31:00Z"))
        #expect(try task(accepted).schedule == .at(time))
        #expect(try task(#"{"type":"a","delay":60}"#).schedule == .at(Self.written + .seconds(60)))
        #expect(try task(#"{"type":"a"}"#).schedule == .now)
    }

    @Test("A delay has the range it has over HTTP", arguments: ["-1", "315360001", "1e300"])
    func delayRange(_ delay: String) {
        let error = #expect(throws: QueueError.self) { try task(#"{"type":"a","delay":\#(delay)}"#) }
        #expect(error?.field == "delay")
    }

    @Test("A delay ends with the last time that can be written") func lastDelay() throws {
        let late = #"{"type":"a","delay":60,"created_at":"9999-12-31T23:59:59Z"}"#
        #expect(try task(late).schedule == .at(ModelLimits.latestTime))
    }

    @Test("A record is rejected at its first unknown field, however many follow", .timeLimit(.minutes(1)))
    func unknownFields() {
        let fields = (0..<100_000).map { #""\#($0)":0"# }.joined(separator: ",")
        let error = #expect(throws: QueueError.self) { try task(#"{"type":"a",\#(fields)}"#) }
        #expect(error?.field == "0")
    }

    @Test("An identifier is derived from the record's position, always the same") func derivedID() throws {
        let id = try task(#"{"type":"a"}"#).id
        #expect(id == (try task(#"{"type":"b","id":null}"#).id))
        #expect(id.isVersion7)
        #expect(id.timestamp == Self.written)
    }

    @Test("Derived identifiers keep the order of a partition, and differ between partitions and topics")
    func derivedOrder() {
        var seen: Set<TaskID> = []
        var last = TaskID(high: 0, low: 0)
        for offset in [0, 1, 2, 255, 256, 1 << 28 - 1, 1 << 28, 1 << 39] as [Int64] {
            let origin = IntakeOrigin(log: "t", part: 0, position: offset)
            let id = TaskID(derivedFrom: origin, at: Self.written)
            #expect(last < id)
            last = id
            seen.insert(id)
            for other in [
                IntakeOrigin(log: "t", part: 1, position: offset),
                IntakeOrigin(log: "u", part: 0, position: offset),
            ] {
                #expect(seen.insert(TaskID(derivedFrom: other, at: Self.written)).inserted)
            }
        }
    }

    @Test(
        "An unusable record gives the reason",
        arguments: [
            ("", "empty"), ("{", "JSON"), ("[]", "object"), ("null", "object"), (#"{"payload":1}"#, "type"),
            (#"{"type":"a","prio":1}"#, "prio"), (#"{"type":"a b"}"#, "type"),
            (#"{"type":"a","id":"7"}"#, "version 7"), (#"{"type":"a","id":7}"#, "string"),
            (#"{"type":"a","id":"c0ffee00-0000-4000-8000-000000000000"}"#, "version 7"),
            (#"{"type":"a","id":null,"id":null}"#, "twice"),
            (#"{"type":"a","created_at":"now"}"#, "created_at"),
            (#"{"type":"a","max_retry":99999999999999999999}"#, "max_retry"),
            (#"{"type":"a","payload":"\#(String(repeating: "x", count: 1 << 20))"}"#, "payload"),
            (#"{"type":"a","payload":"\#(String(repeating: "x", count: 2 << 20))"}"#, "larger"),
        ])
    func rejections(_ value: String, _ reason: String) {
        let error = #expect(throws: QueueError.self) { try task(value) }
        #expect(error?.message.contains(reason) == true)
    }

    @Test("An identifier may be at most a day ahead of the queue's clock") func future() throws {
        let id = TaskID.lowest(at: Self.written + .seconds(86_400))
        try id.checkTime(by: Self.written, madeBy: "producer")
        #expect(!id.isTooFarAhead(of: Self.written))
        let error = #expect(throws: QueueError.self) {
            try id.checkTime(by: Self.written + .milliseconds(-1), madeBy: "producer")
        }
        #expect(error?.field == "id")
        #expect(error?.message.hasSuffix("check the producer's clock") == true)
    }

    @Test("Invalid UTF-8 is rejected") func brokenText() {
        var record = record("")
        record.value = Array(#"{"type":"a","payload":"#.utf8) + [0x22, 0xFF, 0x22, 0x7D]
        #expect(throws: QueueError.self) { try IntakeDecoder(QueueConfiguration()).task(record) }
    }
}
