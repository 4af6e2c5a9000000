import Foundation
import Synchronization
import XQueueClient
import XQueueCore

/// A client that keeps submitting batches of tasks, whatever happens to the server.
final class Submitter: Sendable {
    /// A concurrency key and its limit.
    struct Limit: Sendable, Hashable {
        var key: String
        var most: Int
    }

    private struct State {
        var accepted: [TaskID: Limit?] = [:]
        var unsureBatches = 0
    }

    static let batch = 100
    private let state = Mutex(State())

    /// The accepted tasks with their keys.
    var accepted: [TaskID: Limit?] { state.withLock { $0.accepted } }
    /// The number of batches without a reply: each was accepted entirely or not at all.
    var unsureBatches: Int { state.withLock { $0.unsureBatches } }

    /// Submits batches until `count` tasks are accepted; `api` returns the current server.
    func run(_ count: Int, _ api: @Sendable () async throws -> API) async throws {
        var number = 0
        while accepted.count < count {
            try Task.checkCancellation()
            let limits = (0..<Self.batch).map { Self.limit(of: number + $0) }
            let tasks = limits.enumerated().map { Self.task(number: number + $0, $1) }
            let body = #"{"tasks":[\#(tasks.joined(separator: ","))]}"#
            number += Self.batch
            let target = try await api()
            guard let reply = try? await target.send("POST", "/tasks/batch", body), reply.status == 201 else {
                state.withLock { $0.unsureBatches += 1 }
                continue
            }
            let answer: SubmittedBatch = try reply.decoded()
            state.withLock { state in
                for (task, limit) in zip(answer.tasks, limits) { state.accepted[task.id] = limit }
            }
        }
    }

    /// Two in three tasks have one of seven keys, with limits from 1 to 7.
    private static func limit(of number: Int) -> Limit? {
        guard number % 3 != 0 else { return nil }
        let most = number % 7 + 1
        return Limit(key: "key-\(most)", most: most)
    }

    private static func task(number: Int, _ limit: Limit?) -> String {
        let key = limit.map { #","concurrency_key":"\#($0.key)","max_concurrency":\#($0.most)"# } ?? ""
        // Some take long enough to be running when the server is killed.
        let duration = number % 10 == 0 ? 100 : number % 5
        let payload = #"{"duration_ms":\#(duration),"fail_times":\#(number % 97 == 0 ? 1 : 0)}"#
        return #"{"type":"example","payload":\#(payload),"max_retry":1000,"queue_timeout":0"#
            + #","retry_policy":{"strategy":"fixed","delay":0.01,"jitter":0}\#(key)}"#
    }
}
