#if Redis

import Logging
import XQueueCore

/// Brings a queue to this program's layout before a node uses it.
struct LayoutMigration: Sendable {
    /// What became of one step.
    enum Step: Equatable {
        /// The queue has the layout.
        case isDone
        /// A step is done, and there are more.
        case isMoving
        /// Another node brings it there.
        case isBusy
    }

    /// How long another node waits for one that died on the way.
    private static let lease = Duration.seconds(10)
    private static let pause = Duration.milliseconds(200)

    let caller: ScriptCaller
    let logger: Logger
    /// Which node this is.
    let mark: String
    /// The most entries one step moves: so long others wait for the server.
    var stepSize = 500

    /// Returns when the queue has the layout: takes the steps that are left, or waits for the node that does.
    ///
    /// - Throws: ``StoreError``: `newer` if the queue has a later layout; `unavailable` if nodes of an older version run on
    ///   it, with their names; or why the server cannot be used.
    func run() async throws(StoreError) {
        var (hasWaited, hasMoved) = (false, false)
        while true {
            switch try await step() {
            case .isDone:
                if hasMoved || hasWaited {
                    logger.notice(
                        "The queue has its new layout", metadata: ["layout": "\(QueueLayout.current)"])
                }
                return
            case .isMoving:
                if !hasMoved {
                    logger.notice(
                        "Bringing the queue to a new layout", metadata: ["layout": "\(QueueLayout.current)"])
                }
                hasMoved = true
            case .isBusy:
                if !hasWaited {
                    logger.notice(
                        "Waiting for another node that brings the queue to a new layout",
                        metadata: ["layout": "\(QueueLayout.current)"])
                }
                hasWaited = true
                guard (try? await Task.sleep(for: Self.pause)) != nil else {
                    throw StoreError(.closed, "the store was closed before the queue had its layout")
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
        case 0: return .isDone
        case 1: return .isMoving
        case 2: return .isBusy
        case 3:
            var nodes: [String] = []
            for element in elements.dropFirst() {
                let node = NodeRecord(announcement: try element.text)
                nodes.append(node.map { "\($0.id) (\($0.program.version), on \($0.program.host))" } ?? "?")
            }
            throw StoreError(
                RedisError(
                    .older,
                    "nodes of an older version run on the queue \(caller.runner.tag), and must be stopped before "
                        + "this version can use it: \(nodes.sorted().joined(separator: ", "))"))
        case 4:
            let layout = elements.count > 1 ? try elements[1].integer : -1
            throw StoreError(QueueLayout.newer(layout, caller.runner.tag))
        default: throw StoreError(.corrupt, "unexpected reply of Redis to migrate")
        }
    }
}

#endif
