#if MQTT

import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

/// What was published about each task, in arrival order.
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

    /// The number of tasks that reached their third version: submitted, started, succeeded.
    var whole: Int { versions.values.count { $0.contains(3) } }

    /// Tasks with missing or out-of-order versions. Repeats, which restart from an older version, are allowed.
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

    /// Submits `count` tasks that do nothing, 500 per call.
    func submitMany(_ count: Int) async throws {
        for start in stride(from: 0, to: count, by: 500) {
            let task = #"{"type":"example","payload":{}}"#
            let tasks = Array(repeating: task, count: min(500, count - start)).joined(separator: ",")
            let reply = try await send("POST", "/tasks/batch", #"{"tasks":[\#(tasks)]}"#)
            try #require(reply.status == 201, "\(reply.text)")
        }
    }

    /// Waits until all tasks have ended.
    func allEnd() async throws {
        try await eventually(within: .seconds(240), "all tasks have ended") {
            let stats = try await stats()
            return stats.unfinished == 0
        }
    }

    /// Waits until the sink has received every event.
    func nothingIsLeft() async throws {
        try await eventually(within: .seconds(480), "the sink has everything") {
            try await sink().lag == 0
        }
    }
}

#endif
