#if MQTT

import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

/// What was published of each task, in the order it came.
struct PublishedSteps {
    private struct Step: Decodable {
        var task_id: String
        var version: Int
    }

    /// The versions of each task.
    private(set) var versions: [TaskID: [Int]] = [:]

    init(_ payloads: [String]) throws {
        for payload in payloads {
            let step = try JSONDecoder().decode(Step.self, from: Data(payload.utf8))
            let id = try #require(TaskID(step.task_id))
            versions[id, default: []].append(step.version)
        }
    }

    /// How many tasks have come to their third version: submitted, started, succeeded.
    var whole: Int { versions.values.count { $0.contains(3) } }

    /// The tasks of which something is missing, or came too early. What is sent again begins anew from an
    /// older version.
    var broken: [TaskID: [Int]] {
        versions.filter { _, versions in
            var highest = 0
            for version in versions {
                if version > highest + 1 { return true }
                highest = max(highest, version)
            }
            return highest < 3
        }
    }
}

extension API {
    /// The node's only sink.
    func sink() async throws -> ServerStatistics.Sink {
        try #require(try await stats().sinks.first)
    }

    /// Submits so many tasks that do nothing, 500 in a call.
    func submitMany(_ count: Int) async throws {
        for start in stride(from: 0, to: count, by: 500) {
            let task = #"{"type":"example","payload":{}}"#
            let tasks = Array(repeating: task, count: min(500, count - start)).joined(separator: ",")
            let reply = try await send("POST", "/tasks/batch", #"{"tasks":[\#(tasks)]}"#)
            try #require(reply.status == 201, "\(reply.text)")
        }
    }

    /// Waits until no task is left to run.
    func allEnd() async throws {
        try await eventually(within: .seconds(240), "all tasks have ended") {
            let stats = try await stats()
            return stats.unfinished == 0
        }
    }

    /// Waits until the sink has taken all there is.
    func nothingIsLeft() async throws {
        try await eventually(within: .seconds(480), "the sink has everything") {
            try await sink().lag == 0
        }
    }
}

#endif
