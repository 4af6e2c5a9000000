import Testing

@testable import XQueueServer

@Suite("Invalid rules of uniqueness") struct UniqueErrorTests {
    typealias Case = SubmitErrorTests.Case

    static let invalid: [Case] = [
        Case(#""unique":7"#, "unique", "must be an object"),
        Case(#""unique":[]"#, "unique", "must be an object"),
        Case(#""unique":"k""#, "unique", "must be an object"),
        Case(#""unique":{}"#, "unique", "must have a key, or by"),
        Case(#""unique":{"key":null,"by":null}"#, "unique", "must have a key, or by"),
        Case(#""unique":{"key":"k"},"unique_key":"k""#, "unique", "cannot be combined with unique_key"),
        Case(#""unique_key":"k","unique":{"key":"k"}"#, "unique", "cannot be combined with unique_key"),
        Case(#""unique":{"key":"k"},"unique":null"#, "unique", "is given twice"),
        Case(#""unique":{"key":"k","key":"k"}"#, "unique.key", "is given twice"),
        Case(#""unique":{"key":""}"#, "unique.key", "1 to 256 bytes"),
        Case(#""unique":{"key":"\#(String(repeating: "k", count: 257))"}"#, "unique.key", "1 to 256 bytes"),
        Case(
            #""unique":{"key":"\#(String(repeating: "k", count: 192))","by":[]}"#, "unique.key",
            "1 to 191 bytes"),
        Case(#""unique":{"key":"a\u0000"}"#, "unique.key", "control characters"),
        Case(#""unique":{"key":"\ud800"}"#, "unique.key", "unpaired surrogate"),
        Case(#""unique":{"key":7}"#, "unique.key", "must be a string"),
        Case(#""unique":{"by":"a"}"#, "unique.by", "must be an array of strings"),
        Case(#""unique":{"by":{}}"#, "unique.by", "must be an array of strings"),
        Case(#""unique":{"by":["a",7]}"#, "unique.by", "must be an array of strings"),
        Case(#""unique":{"by":["\ud800"]}"#, "unique.by", "must be an array of strings"),
        Case(#""unique":{"by":["a",""]}"#, "unique.by", "at most 32 paths of 1 to 256 bytes"),
        Case(
            #""unique":{"by":[\#(Array(repeating: #""a""#, count: 33).joined(separator: ","))]}"#,
            "unique.by", "at most 32 paths"),
        Case(
            #""unique":{"by":["\#(String(repeating: ".", count: 32))"]}"#, "unique.by", "more than 32 members"
        ),
        Case(#""unique":{"key":"k","until":"noon"}"#, "unique.until", "must be one of started, done, window"),
        Case(#""unique":{"key":"k","until":7}"#, "unique.until", "must be a string"),
        Case(#""unique":{"key":"k","until":"window"}"#, "unique.window", "is required"),
        Case(#""unique":{"key":"k","until":"started","window":1}"#, "unique.window", "cannot be combined"),
        Case(#""unique":{"key":"k","window":0}"#, "unique.window", "0.001 to 315360000 seconds"),
        Case(#""unique":{"key":"k","window":-1}"#, "unique.window", "0.001 to 315360000 seconds"),
        Case(#""unique":{"key":"k","window":315360000.0001}"#, "unique.window", "0.001 to 315360000 seconds"),
        Case(#""unique":{"key":"k","window":1e400}"#, "unique.window", "0.001 to 315360000 seconds"),
        Case(#""unique":{"key":"k","window":"1"}"#, "unique.window", "must be a number of seconds"),
        Case(#""unique":{"key":"k","across_types":1}"#, "unique.across_types", "must be true or false"),
        Case(
            #""unique":{"key":"k","on_conflict":"ignore"}"#, "unique.on_conflict",
            "must be one of return, reject, replace, rerun, debounce"),
        Case(
            #""unique":{"key":"k","until":"started","on_conflict":"rerun"}"#, "unique.on_conflict",
            "only until"),
        Case(
            #""unique":{"key":"k","window":1,"on_conflict":"rerun"}"#, "unique.on_conflict",
            "without a window"),
        Case(#""unique":{"key":"k","wait":1}"#, "unique.on_conflict", "must be \"debounce\""),
        Case(
            #""unique":{"key":"k","on_conflict":"replace","keep":"first"}"#, "unique.on_conflict",
            "must be \"debounce\""),
        Case(#""unique":{"key":"k","on_conflict":"debounce"}"#, "unique.wait", "is required"),
        Case(#""unique":{"key":"k","on_conflict":"debounce","wait":0}"#, "unique.wait", "0.001 to 315360000"),
        Case(
            #""unique":{"key":"k","on_conflict":"debounce","wait":1e300}"#, "unique.wait",
            "0.001 to 315360000"),
        Case(
            #""unique":{"key":"k","on_conflict":"debounce","wait":2,"max_wait":1}"#, "unique.max_wait",
            "at least wait"),
        Case(
            #""unique":{"key":"k","on_conflict":"debounce","wait":2,"max_wait":1e300}"#, "unique.max_wait",
            "at most"),
        Case(
            #""unique":{"key":"k","on_conflict":"debounce","wait":2,"keep":"last"}"#, "unique.keep",
            "one of first, latest"),
        Case(
            #""unique":{"key":"k","on_conflict":"debounce","wait":2,"until":"done"}"#, "unique.until",
            "must be \"started\""),
    ]

    @Test("A bad rule is rejected with the field's name, alone and in a batch", arguments: invalid)
    func alone(_ wrong: Case) async throws {
        try await TestAPI.run { api in
            let task = #"{"type":"a",\#(wrong.member)}"#
            try await api.submit(task).expectError(400, "invalid_field", field: wrong.field, says: wrong.says)
            try await api.submitBatch(#"{"tasks":[{"type":"a"},\#(task)]}"#)
                .expectError(400, "invalid_field", field: "tasks[1].\(wrong.field)", says: wrong.says)
            #expect(try await api.get("/api/v1/tasks").integer("total") == 0)
        }
    }

    @Test("An unknown member is named") func unknown() async throws {
        try await TestAPI.run { api in
            try await api.submit(#"{"type":"a","unique":{"key":"k","ttl":null}}"#)
                .expectError(400, "unknown_field", field: "unique.ttl")
        }
    }

    @Test(
        "A schedule only returns the holder",
        arguments: ["reject", "replace", "rerun", "debounce\",\"wait\":\"1"])
    func schedule(_ conflict: String) async throws {
        try await TestAPI.run { api in
            let unique = #"{"key":"k","on_conflict":"\#(conflict)"}"#.replacing(#":"1""#, with: ":1")
            func body(_ unique: String) -> String { #"{"every":60,"task":{"type":"a","unique":\#(unique)}}"# }
            try await api.put("/api/v1/schedules/s", body(unique))
                .expectError(
                    400, "invalid_field", field: "task.unique.on_conflict", says: "must be \"return\"")
            try await api.put("/api/v1/schedules/s", body("{}")).expectError(
                400, "invalid_field", field: "task.unique")
            let made = try await api.put("/api/v1/schedules/s", body(#"{"key":"k","on_conflict":"return"}"#))
            #expect(made.status == 201 && made.raw("task", "unique_key") == #""k""#, "\(made.text)")
        }
    }
}
