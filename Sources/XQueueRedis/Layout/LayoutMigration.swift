#if Redis

import Logging
import XQueueCore

/// Migrates a queue to this version's layout before a node uses it.
struct LayoutMigration: Sendable {
    /// The result of a step.
    enum Step: Equatable {
        /// The queue has the layout.
        case done
        /// A step was taken; more are left.
        case moved
        /// Another node is migrating the queue.
        case busy
    }

    /// How long other nodes wait before they take over from a node that died.
    private static let lease = Duration.seconds(10)
    private static let pollInterval = Duration.milliseconds(200)

    let caller: ScriptCaller
    let logger: Logger
    /// Identifies this node.
    let mark: String
    /// Maximum number of entries per step, which blocks the server.
    var stepSize = 500

    /// Takes the remaining steps, or waits for the node that is taking them. Returns once the queue has the layout.
    ///
    /// - Throws: ``StoreError``: `newer` if the queue has a newer layout; `unavailable` if the server is unavailable or
    ///   nodes of an older version, which the message names, are using the queue.
    func run() async throws(StoreError) {
        var (hasWaited, hasMoved) = (false, false)
        while true {
            switch try await step() {
            case .done:
                if hasMoved || hasWaited {
                    logger.notice(
                        "Migrated the queue", metadata: ["layout": "\(QueueLayout.current)"])
                }
                return
            case .moved:
                if !hasMoved {
                    logger.notice(
                        "Migrating the queue to a new layout", metadata: ["layout": "\(QueueLayout.current)"])
                }
                hasMoved = true
            case .busy:
                if !hasWaited {
                    logger.notice(
                        "Waiting for another node to migrate the queue",
                        metadata: ["layout": "\(QueueLayout.current)"])
                }
                hasWaited = true
                guard (try? await Task.sleep(for: Self.pollInterval)) != nil else {
                    throw StoreError(.closed, "the store was closed during the migration of the queue")
                }
            }
        }
    }

    /// Takes one step.
    ///
    /// - Throws: As ``run()``.
    func step() async throws(StoreError) -> Step {
        let elements = try await caller.run(.migrate) { command in
            command.append(mark)
            command.append(Self.lease.wholeMilliseconds)
            command.append(stepSize)
        }.elements
        switch try elements.first?.integer {
        case 0: return .done
        case 1: return .moved
        case 2: return .busy
        case 3:
            var nodes: [String] = []
            for element in elements.dropFirst() {
                let node = NodeRecord(announcement: try element.text)
                nodes.append(node.map { "\($0.id) (\($0.program.version), on \($0.program.host))" } ?? "?")
            }
            throw StoreError(
                RedisError(
                    .olderLayout,
                    "nodes of an older version are using the queue \(caller.runner.tag); stop them to upgrade it: "
                        + "\(nodes.sorted().joined(separator: ", "))"))
        case 4:
            let layout = elements.count > 1 ? try elements[1].integer : -1
            throw StoreError(QueueLayout.newer(layout, caller.runner.tag))
        default: throw StoreError(.corrupt, "unexpected reply from Redis to migrate")
        }
    }
}

#endif
