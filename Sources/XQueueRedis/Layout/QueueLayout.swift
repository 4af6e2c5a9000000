#if Redis

import NIOCore
import Synchronization
import XQueueCore

/// The layout of the queue's keys in Redis, and the check of it on each new connection.
///
/// - 1, of version 0.1: no number is stored. Unique keys written by early builds have no type.
/// - 2, of version 0.2: unique keys have their type, the state says whether a remote worker runs the task, and the keys
///   that older scripts use are renamed.
///
/// `Tests/Layouts` has a dump of each.
final class QueueLayout: Sendable {
    /// The layout of this version, stored in `:meta` and in the names of some keys. Increase it for a change that older
    /// versions would misread; add a step to `migrate.lua` and a dump to `Tests/Layouts`.
    static let current = 2

    private let tag: String
    /// Whether the queue has been migrated, after which older layouts are rejected.
    private let migrated = Atomic<Bool>(false)

    /// - Parameter tag: The hash tag that begins all keys of the queue.
    init(tag: String) {
        self.tag = tag
    }

    /// Rejects older layouts from now on.
    func markMigrated() { migrated.store(true, ordering: .releasing) }

    private var isMigrated: Bool { migrated.load(ordering: .acquiring) }

    /// Checks the queue's layout, in one round trip.
    ///
    /// - Parameters:
    ///   - connection: A new connection.
    ///   - timeout: Maximum time to wait for the reply.
    /// - Throws: ``RedisError``: `newer` if the layout is newer or unknown, `older` if the queue had been migrated.
    func check(_ connection: RedisConnection, timeout: TimeAmount) async throws(RedisError) {
        let script = try ScriptText.text(of: .layout)
        let reply = try await connection.send(RedisCommand("EVAL", script, "1", tag), timeout: timeout)
        switch reply {
        case .integer(let layout) where layout < 0 || layout > Int64(Self.current):
            throw Self.newer(layout, tag)
        case .integer(let layout) where layout > 0 && layout < Int64(Self.current) && isMigrated:
            throw RedisError(
                .olderLayout,
                "the queue \(tag) now has the older layout \(layout), as after restoring an old backup; "
                    + "restart a node to migrate it to layout \(Self.current)")
        case .error(let text): throw RedisError(errorReply: text)
        default: break
        }
    }

    /// The error for a queue with a newer layout.
    ///
    /// - Parameters:
    ///   - layout: The layout's number; negative if it is unreadable.
    ///   - tag: The hash tag that begins all keys of the queue.
    static func newer(_ layout: Int64, _ tag: String) -> RedisError {
        let which = layout < 0 ? "an unknown layout" : "layout \(layout)"
        return RedisError(
            .newerLayout,
            "the queue \(tag) has \(which), made by a newer version of XQueue (this version supports up to "
                + "layout \(current)); use that version, or another redis.key_prefix")
    }
}

#endif
