import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers

/// Every feature of the queue, shown with the task type `example` alone.
@Suite struct ExampleTests {
    private static let quickRetry =
        #""retry_policy":{"strategy":"fixed","delay":0.01,"max_delay":1,"jitter":0}"#
    private let api: API
    private let server: ServerProcess

    init() async throws {
        server = try await ServerProcess(in: ServerFolder(), ["--queue-grace-period", "1s"])
        api = API(server)
    }

    @Test func itReportsItsSteps() async throws {
        let task = try await api.submit("example", #"{"duration_ms":3000,"steps":4}"#)
        let running = try await api.task(task.id, "progress is seen on the way") {
            $0.status == .processing && ($0.progress ?? 0) > 0
        }
        #expect([25, 50, 75, 100].contains(running.progress))
        #expect(try await api.end(of: task.id).progress == 100)
    }

    @Test func itFailsTheRequestedNumberOfTimes() async throws {
        let task = try await api.submit("example", #"{"fail_times":2}"#, Self.quickRetry)
        let end = try await api.end(of: task.id)
        #expect(end.status == .success)
        #expect(end.retryCount == 2)
    }

    @Test func itFailsPermanentlyWithoutRetriesLeft() async throws {
        let task = try await api.submit(
            "example", #"{"fail_times":5}"#, #""max_retry":1, "# + Self.quickRetry)
        let end = try await api.end(of: task.id)
        #expect(end.status == .failed)
        #expect(end.retryCount == 1)
        #expect(end.error == "attempt 2 fails: fail_times is 5")

        let again = try await api.send("POST", "/tasks/\(task.id)/retry")
        #expect(again.status == 200)
        #expect(try await api.end(of: task.id).status == .failed)
    }

    @Test func aWrongPayloadIsNotRetried() async throws {
        let task = try await api.submit("example", #"{"steps":"many"}"#)
        let end = try await api.end(of: task.id)
        #expect(end.status == .failed)
        #expect(end.retryCount == 0)
        let problem =
            "payload.steps must be a whole number between 0 and 10000; example takes message (text), "
        #expect(end.error?.hasPrefix(problem) == true, "\(end.error ?? "")")
    }

    @Test func itStopsWhenItIsCanceled() async throws {
        let task = try await api.submit("example", #"{"duration_ms":600000}"#)
        _ = try await api.task(task.id, "the task runs") { $0.status == .processing }
        #expect(try await api.send("DELETE", "/tasks/\(task.id)").status == 200)
        #expect(try await api.end(of: task.id).status == .canceled)
    }

    @Test func itIsCanceledEvenIfItIgnoresCancellation() async throws {
        let task = try await api.submit("example", #"{"duration_ms":20000,"ignore_cancel":true}"#)
        _ = try await api.task(task.id, "the task runs") { $0.status == .processing }
        #expect(try await api.send("DELETE", "/tasks/\(task.id)").status == 200)
        let end = try await api.end(of: task.id)
        #expect(end.status == .canceled)
        #expect(end.error == "the handler did not stop within its grace period")
    }

    @Test func itTimesOut() async throws {
        let task = try await api.submit(
            "example", #"{"duration_ms":600000}"#, #""process_timeout":0.2,"max_retry":0"#)
        let end = try await api.end(of: task.id)
        #expect(end.status == .failed)
        #expect(end.error == "the attempt ran longer than its process timeout of 0.2 s")
    }

    @Test func itsKeyLimitsIt() async throws {
        var ids: [TaskID] = []
        for _ in 0..<6 {
            let members = #""concurrency_key":"one at a time","max_concurrency":1"#
            ids.append(try await api.submit("example", #"{"duration_ms":100}"#, members).id)
        }
        // Tasks with the key do not block tasks without one.
        let other = try await api.submit("example", "{}")
        #expect(try await api.end(of: other.id).status == .success)
        var ends: [Timestamp] = []
        for id in ids {
            let end = try await api.end(of: id)
            #expect(end.status == .success)
            ends.append(try #require(end.completedAt))
        }
        #expect(ends == ends.sorted())
        for (earlier, later) in zip(ends, ends.dropFirst()) { #expect(later - earlier >= .milliseconds(100)) }
    }

    @Test func aTaskNotStartedInTimeTimesOut() async throws {
        let task = try await api.submit("nobody-serves-this", "{}", #""queue_timeout":0.1"#)
        #expect(try await api.end(of: task.id).status == .timeout)
    }
}
