#if Redis

import Foundation
import Synchronization
import Testing
import XQueueClient
import XQueueCore
import XQueueTesting

/// A client that retries each submission until it is accepted.
final class PatientSubmitter: Sendable {
    private struct State {
        var accepted: [TaskID] = []
        var rejections = 0
        var isDone = false
    }

    private let state = Mutex(State())
    private let members: String

    /// - Parameter members: JSON members of every task.
    init(
        _ members: String = #""type":"example","payload":{"duration_ms":2},"max_retry":100,"queue_timeout":0"#
    ) {
        self.members = members
    }

    /// The tasks that a server accepted.
    var accepted: [TaskID] { state.withLock { $0.accepted } }
    /// How often a server rejected tasks as temporarily unavailable.
    var rejections: Int { state.withLock { $0.rejections } }

    /// Makes ``run(batch:_:)`` end after the current batch.
    func finish() {
        state.withLock { $0.isDone = true }
    }

    /// Submits batches, to each API in turn, until ``finish()``.
    func run(batch: Int = 5, _ apis: [API]) async throws {
        var turn = 0
        while !state.withLock({ $0.isDone }) {
            try Task.checkCancellation()
            try await submit(batch) {
                turn += 1
                return apis[turn % apis.count]
            }
        }
    }

    /// Submits one batch until a server accepts it.
    func submit(_ count: Int, _ next: () throws -> API) async throws {
        let tasks = Array(repeating: "{\(members)}", count: count).joined(separator: ",")
        try await eventually("a server accepts tasks") {
            // A server that is being killed does not reply.
            guard let reply = try? await next().send("POST", "/tasks/batch", #"{"tasks":[\#(tasks)]}"#) else {
                return false
            }
            if reply.status == 201 {
                let batch: SubmittedBatch = try reply.decoded()
                state.withLock { $0.accepted += batch.tasks.map(\.id) }
                return true
            }
            #expect(reply.status == 503, "\(reply.text)")
            #expect(reply.headers["retry-after"] != nil, "\(reply.text)")
            state.withLock { $0.rejections += 1 }
            return false
        }
    }
}

#endif
