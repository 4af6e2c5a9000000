package import Foundation
package import XQueueCore

/// A queue in an earlier layout, dumped by `Tests/Layouts/make.py`, with the older program's view of it.
package struct LayoutDump: Sendable {
    /// Location of the dump.
    package let folder: URL

    /// - Parameter name: Name of the folder in `Tests/Layouts`.
    package init(_ name: String) {
        folder = URL(filePath: #filePath).appending(path: "../../../Layouts/\(name)").standardized
    }

    /// Returns the commands that create the queue in Redis, each word as bytes.
    ///
    /// - Parameter prefix: The queue's prefix, which replaces the dump's.
    /// - Throws: If the file cannot be read.
    package func commands(prefix: String) throws -> [[[UInt8]]] {
        let text = try String(contentsOf: folder.appending(path: "commands.jsonl"), encoding: .utf8)
        return try text.split(separator: "\n").map { line in
            // Each character represents a byte.
            var words = try JSONDecoder().decode([String].self, from: Data(line.utf8))
            words[1] = words[1].replacingOccurrences(of: "{layout}", with: "{\(prefix)}")
            return words.map { $0.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } }
        }
    }

    /// Returns the differences between a store and the older program's view; empty if there are none.
    ///
    /// - Parameter store: The opened dump, unchanged since.
    /// - Throws: The store's error, or the error of reading the file.
    package func differences(in store: any Store) async throws -> [String] {
        let data = try Data(contentsOf: folder.appending(path: "expected.json"))
        let said = try JSONSerialization.jsonObject(with: data) as? [String: [[String: Any]]] ?? [:]
        let records = try await store.tasks(TaskQuery(limit: 1000)).tasks
        let statistics = try await store.statistics()
        let types = statistics.types.map { state in
            var facts: [String: Any?] = [
                "type": state.type, "paused": state.isPaused, "max_concurrency": state.limit,
            ]
            for status in TaskStatus.allCases { facts[status.rawValue] = state.counts[status] }
            return facts
        }
        let keys: [[String: Any?]] = statistics.keys.map {
            ["key": $0.key, "held": $0.held, "limit": $0.limit, "waiting": $0.waiting]
        }
        return try Self.differences(said["tasks"] ?? [], records.map(Self.facts), "task")
            + Self.differences(said["types"] ?? [], types, "type")
            + Self.differences(said["keys"] ?? [], keys, "key")
    }

    /// Compares two lists in the same order.
    private static func differences(
        _ said: [[String: Any]], _ found: [[String: Any?]], _ what: String
    ) throws -> [String] {
        guard said.count == found.count, !said.isEmpty else {
            return ["\(said.count) of \(what) were there, and \(found.count) are"]
        }
        var differences: [String] = []
        for (index, (old, new)) in zip(said, found).enumerated() {
            for (name, value) in new {
                let (before, after) = (try text(old[name]), try text(value))
                guard before != after else { continue }
                differences.append("\(what) \(index) \(name): \(before) became \(after)")
            }
        }
        return differences
    }

    private static func text(_ value: Any?) throws -> String {
        let data = try JSONSerialization.data(
            withJSONObject: value ?? NSNull(), options: [.sortedKeys, .fragmentsAllowed])
        return String(decoding: data, as: UTF8.self)
    }

    private static func facts(_ task: TaskRecord) throws -> [String: Any?] {
        func json(_ value: RawJSON?) throws -> Any? {
            try value.map {
                try JSONSerialization.jsonObject(with: Data($0.text.utf8), options: .fragmentsAllowed)
            }
        }
        let policy = task.retryPolicy
        return [
            "id": "\(task.id)", "type": task.type, "payload": try json(task.payload),
            "priority": Int(task.priority), "max_retry": task.maxRetry,
            "queue_timeout": seconds(task.queueTimeout ?? .zero),
            "process_timeout": seconds(task.processTimeout ?? .zero),
            "concurrency_key": task.concurrency?.key, "max_concurrency": task.concurrency?.limit,
            "unique_key": task.uniqueKey,
            "retry_policy": [
                "strategy": policy.strategy.rawValue, "delay": seconds(policy.delay),
                "max_delay": seconds(policy.maxDelay), "jitter": policy.jitter,
            ] as [String: Any],
            "traceparent": task.trace?.parent, "tracestate": task.trace?.state,
            "status": task.status.rawValue, "pending_reason": task.pendingReason?.rawValue,
            "attempt": task.attempt, "retry_count": task.retryCount, "error": task.error,
            "errors": task.errors.map { error in
                [
                    "attempt": error.attempt, "kind": error.kind.rawValue, "error": error.message,
                    "worker_id": error.workerID as Any? ?? NSNull(),
                    "started_at": error.startedAt?.rfc3339 as Any? ?? NSNull(),
                    "ended_at": error.endedAt.rfc3339,
                ] as [String: Any]
            },
            "result": try json(task.result), "progress": task.progress?.percent,
            "progress_message": task.progress?.message, "worker_id": task.workerID,
            "version": task.version, "created_at": task.createdAt.rfc3339,
            "updated_at": task.updatedAt.rfc3339, "run_at": task.runAt.rfc3339,
            "started_at": task.startedAt?.rfc3339, "completed_at": task.completedAt?.rfc3339,
            "cancel_requested_at": task.cancelRequestedAt?.rfc3339,
        ]
    }

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.wholeMilliseconds) / 1000
    }
}
