import Testing
import XQueueCore

@testable import XQueue

@Suite("Patches of tasks") struct TaskPatchTests {
    private static let now = Timestamp(milliseconds: 1_767_225_600_000)

    private static func checked(_ submission: TaskSubmission) throws -> NewTask {
        try submission.validated(defaults: SubmissionDefaults()) { TaskID(high: 0, low: 0) }
    }

    private static func task(_ submission: String) throws -> TaskRecord {
        TaskStateMachine.submit(try checked(try SubmissionReader.submission(submission)), at: now)
    }

    @Test(
        "A patched task is what the patched submission would have made",
        arguments: [
            (#"{"type":"a","priority":3}"#, "{}", #"{"type":"a","priority":3}"#),
            (#"{"type":"a","priority":3}"#, #"{"priority":-1}"#, #"{"type":"a","priority":-1}"#),
            (
                #"{"type":"a","priority":3,"max_retry":9,"queue_timeout":5,"process_timeout":7}"#,
                #"{"priority":null,"max_retry":null,"queue_timeout":null,"process_timeout":null}"#,
                #"{"type":"a"}"#
            ),
            // What has no timeout must not get the default.
            (
                #"{"type":"a","queue_timeout":0,"process_timeout":0}"#, #"{"max_retry":0}"#,
                #"{"type":"a","queue_timeout":0,"process_timeout":0,"max_retry":0}"#
            ),
            (
                #"{"type":"a","payload":{"b":{"c":1,"d":2},"e":[1]}}"#,
                #"{"payload":{"b":{"c":null,"f":1e400},"e":[2]}}"#,
                #"{"type":"a","payload":{"b":{"d":2,"f":1e400},"e":[2]}}"#
            ),
            (#"{"type":"a","payload":{"b":1}}"#, #"{"payload":[null]}"#, #"{"type":"a","payload":[null]}"#),
            (#"{"type":"a","payload":{"b":1}}"#, #"{"payload":null}"#, #"{"type":"a"}"#),
            (
                #"{"type":"a","payload":7}"#, #"{"payload":{"b":null,"c":1}}"#,
                #"{"type":"a","payload":{"c":1}}"#
            ),
            (
                #"{"type":"a","payload":{ "b" : 1.0, "b" : "\u0041" }}"#, #"{"metadata":{"u":1}}"#,
                #"{"type":"a","payload":{ "b" : 1.0, "b" : "\u0041" },"metadata":{"u":1}}"#
            ),
            (
                #"{"type":"a","metadata":{"u":1,"v":2}}"#, #"{"metadata":{"u":null}}"#,
                #"{"type":"a","metadata":{"v":2}}"#
            ),
            (#"{"type":"a","metadata":{"u":1}}"#, #"{"metadata":null}"#, #"{"type":"a"}"#),
            (#"{"type":"a","unique_key":"u"}"#, #"{"unique_key":null}"#, #"{"type":"a"}"#),
            (#"{"type":"a","unique_key":"u"}"#, #"{"unique_key":"v"}"#, #"{"type":"a","unique_key":"v"}"#),
            (#"{"type":"a","unique_key":"u"}"#, #"{"unique":null}"#, #"{"type":"a"}"#),
            (
                #"{"type":"a","unique_key":"u"}"#, #"{"unique":{"until":"started"}}"#,
                #"{"type":"a","unique":{"key":"u","until":"started"}}"#
            ),
            (
                #"{"type":"a","unique_key":"u"}"#, #"{"unique":{"key":"v","across_types":true}}"#,
                #"{"type":"a","unique":{"key":"v","across_types":true}}"#
            ),
            (
                #"{"type":"a","unique":{"key":"u","until":"started"}}"#, #"{"unique_key":null}"#,
                #"{"type":"a"}"#
            ),
            (
                #"{"type":"a","unique":{"key":"u","window":9}}"#, #"{"unique_key":"v"}"#,
                #"{"type":"a","unique_key":"v"}"#
            ),
            (
                #"{"type":"a","unique":{"key":"u","until":"window","window":9}}"#,
                #"{"unique":{"window":8}}"#,
                #"{"type":"a","unique":{"key":"u","until":"window","window":8}}"#
            ),
            (
                #"{"type":"a","unique":{"key":"u","until":"window","window":9}}"#,
                #"{"unique":{"until":null,"window":null}}"#, #"{"type":"a","unique_key":"u"}"#
            ),
            (
                #"{"type":"a","unique":{"key":"u","window":9}}"#,
                #"{"unique":{"key":"v"},"unique_key":null}"#,
                #"{"type":"a","unique_key":"v"}"#
            ),
            (#"{"type":"a"}"#, #"{"unique":{"key":"u"}}"#, #"{"type":"a","unique_key":"u"}"#),
            (
                #"{"type":"a","payload":1,"unique":{"key":"u","by":[],"window":9}}"#,
                #"{"payload":2,"unique":{"by":[]}}"#,
                #"{"type":"a","payload":2,"unique":{"by":[],"window":9}}"#
            ),
            (
                #"{"type":"a","payload":1,"unique":{"by":[]}}"#,
                #"{"payload":2,"unique":{"key":"u","by":[]}}"#,
                #"{"type":"a","payload":2,"unique":{"key":"u","by":[]}}"#
            ),
            (
                #"{"type":"a","unique_key":"u"}"#, #"{"unique":{"until":"started"}}"#,
                #"{"type":"a","unique":{"key":"u","until":"started"}}"#
            ),
            (#"{"type":"a","unique_key":"u"}"#, #"{"unique":null}"#, #"{"type":"a"}"#),
            (
                #"{"type":"a","unique":{"key":"u","window":5}}"#, #"{"unique":{"key":"v"}}"#,
                #"{"type":"a","unique":{"key":"v","window":5}}"#
            ),
            (
                #"{"type":"a","unique":{"key":"u","window":5}}"#, #"{"unique":{"window":null}}"#,
                #"{"type":"a","unique_key":"u"}"#
            ),
            (
                #"{"type":"a","unique":{"key":"u","window":5}}"#, #"{"priority":1}"#,
                #"{"type":"a","priority":1,"unique":{"key":"u","window":5}}"#
            ),
            (
                #"{"type":"a","unique":{"key":"u","window":5}}"#, #"{"unique_key":"v"}"#,
                #"{"type":"a","unique_key":"v"}"#
            ),
            (
                #"{"type":"a","unique":{"key":"u","window":5}}"#, #"{"unique_key":null}"#, #"{"type":"a"}"#
            ),
            (#"{"type":"a","unique":{"key":"u","window":5}}"#, #"{"unique":null}"#, #"{"type":"a"}"#),
            (
                #"{"type":"a","concurrency_key":"k","max_concurrency":4}"#, #"{"max_concurrency":null}"#,
                #"{"type":"a","concurrency_key":"k"}"#
            ),
            (
                #"{"type":"a","concurrency_key":"k","max_concurrency":4}"#, #"{"concurrency_key":null}"#,
                #"{"type":"a","max_concurrency":4}"#
            ),
            (
                #"{"type":"a","concurrency_key":"k"}"#, #"{"concurrency_key":null,"max_concurrency":null}"#,
                #"{"type":"a"}"#
            ),
            (
                #"{"type":"a","retry_policy":{"strategy":"fixed","delay":9}}"#,
                #"{"retry_policy":{"delay":null,"jitter":0}}"#,
                #"{"type":"a","retry_policy":{"strategy":"fixed","jitter":0}}"#
            ),
            (#"{"type":"a"}"#, #"{"retry_policy":{"delay":9}}"#, #"{"type":"a","retry_policy":{"delay":9}}"#),
            (#"{"type":"a","retry_policy":{"delay":9}}"#, #"{"retry_policy":null}"#, #"{"type":"a"}"#),
        ])
    func fields(_ submission: String, _ patch: String, _ expected: String) throws {
        let record = try Self.task(submission)
        let edited = try Self.checked(try TaskPatch(patch).submission(of: record))
        #expect(edited.definition == (try Self.task(expected)).definition)
        #expect(edited.payload.text == (try Self.task(expected)).payload.text)
        #expect(edited.schedule == .at(record.runAt), "it does not say when to run")
    }

    @Test(
        "It says when to run",
        arguments: [
            (#"{"run_at":null}"#, NewTask.Schedule.now), (#"{"delay":null}"#, .now),
            (#"{"delay":1.5}"#, .after(.milliseconds(1500))), (#"{"delay":0,"run_at":null}"#, .after(.zero)),
            (#"{"run_at":"2026-01-01T00:00:01Z","delay":null}"#, .at(now + .seconds(1))),
        ])
    func times(_ patch: String, _ expected: NewTask.Schedule) throws {
        let record = try Self.task(#"{"type":"a","delay":60}"#)
        #expect(try TaskPatch(patch).submission(of: record).schedule == expected)
    }

    @Test(
        "What a submission could not say is rejected, null or not",
        arguments: [
            ("[1]", QueueError.Code.malformedJSON, nil), (#"{"priority":1"#, .malformedJSON, nil),
            ("", .malformedJSON, nil), (#"{"colour":1}"#, .unknownField, "colour"),
            (#"{"colour":null}"#, .unknownField, "colour"),
            (#"{"status":"pending"}"#, .unknownField, "status"),
            (#"{"retry_policy":{"colour":null}}"#, .unknownField, "retry_policy.colour"),
            (#"{"retry_policy":{"delay":1,"delay":2}}"#, .invalidField, "retry_policy.delay"),
            (#"{"priority":1,"priority":2}"#, .invalidField, "priority"),
            (#"{"priority":null,"priority":2}"#, .invalidField, "priority"),
            (#"{"delay":1,"run_at":"2026-01-01T00:00:01Z"}"#, .invalidField, "run_at"),
            (#"{"priority":"high"}"#, .invalidField, "priority"), (#"{"id":"7"}"#, .invalidField, "id"),
            (#"{"run_at":7}"#, .invalidField, "run_at"), (#"{"unique_key":7}"#, .invalidField, "unique_key"),
            (#"{"unique":"u"}"#, .invalidField, "unique"),
            (#"{"unique":7}"#, .invalidField, "unique"),
            (#"{"unique":{"colour":1}}"#, .unknownField, "unique.colour"),
            (#"{"unique":{"until":"noon"}}"#, .invalidField, "unique.until"),
            (#"{"unique":{"key":"u"},"unique_key":"u"}"#, .invalidField, "unique"),
            (#"{"unique":{"wait":1}}"#, .invalidField, "unique.on_conflict"),
        ] as [(String, QueueError.Code, String?)])
    func rejected(_ patch: String, _ code: QueueError.Code, _ field: String?) {
        let error = #expect(throws: QueueError.self) { try TaskPatch(patch) }
        #expect(error?.code == code && error?.field == field, "\(String(describing: error))")
    }

    @Test("What does not name a key leaves it as it is, whatever the payload") func sameKey() throws {
        let record = try Self.task(
            #"{"type":"a","payload":1,"unique":{"key":"u","by":[],"until":"started"}}"#)
        let submission = try TaskPatch(#"{"payload":2}"#).submission(of: record)
        #expect(submission.uniqueness == nil, "nothing for a door to check")
        #expect(try Self.checked(submission).definition.unique == record.unique)
    }

    @Test("Without its key, a rule is none") func noKey() throws {
        let record = try Self.task(#"{"type":"a","unique_key":"u"}"#)
        let submission = try TaskPatch(#"{"unique":{"key":null}}"#).submission(of: record)
        let error = #expect(throws: QueueError.self) { try Self.checked(submission) }
        #expect(error?.field == "unique")
    }

    @Test("The type cannot be left out") func noType() throws {
        let record = try Self.task(#"{"type":"a"}"#)
        let patch = try TaskPatch(#"{"type":null}"#)
        #expect(throws: QueueError.self) { try patch.submission(of: record) }
    }

    /// The search for names given twice must not go through all of them.
    @Test("The first of many unknown members ends the reading", .timeLimit(.minutes(1)))
    func manyMembers() {
        let members = (0..<200_000).map { "\"m\($0)\":null" }.joined(separator: ",")
        let error = #expect(throws: QueueError.self) { try TaskPatch("{\(members)}") }
        #expect(error?.field == "m0")
    }
}
