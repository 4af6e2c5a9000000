#if Redis

import NIOCore
import Synchronization
import XQueueCore

/// What a queue in Redis is called that is laid out as this program reads and writes it; and the look at it that each
/// connection begins with.
///
/// - 1, by 0.1: has no number. Unique keys of the first days have no type.
/// - 2, by 0.2: unique keys have their type, the state says if a remote worker runs a task, and keys that older scripts touch
///   have other names.
///
/// `Tests/Layouts` has a dump of each.
final class QueueLayout: Sendable {
    /// The layout of this program; it stands in `:meta`, and in the names of some keys. A change that an older program would
    /// misread is a new one: add a step to `migrate.lua`, and a dump to `Tests/Layouts`.
    static let current = 2

    private let tag: String
    /// Whether the queue has been brought to the layout: an older one is no longer taken then.
    private let isOpen = Atomic<Bool>(false)

    /// - Parameter tag: What all keys of the queue begin with.
    init(tag: String) {
        self.tag = tag
    }

    /// From here on the queue has the layout.
    func open() { isOpen.store(true, ordering: .releasing) }

    private var wasOpened: Bool { isOpen.load(ordering: .acquiring) }

    /// Looks which layout the queue has, in one round trip.
    ///
    /// - Parameters:
    ///   - connection: A fresh connection.
    ///   - timeout: The longest wait for the answer.
    /// - Throws: ``RedisError``: `newer` if the layout is not known here, `older` if the queue had this one before.
    func check(_ connection: RedisConnection, timeout: TimeAmount) async throws(RedisError) {
        let script = try ScriptText.text(of: .layout)
        let reply = try await connection.send(RedisCommand("EVAL", script, "1", tag), timeout: timeout)
        switch reply {
        case .integer(let layout) where layout < 0 || layout > Int64(Self.current):
            throw Self.newer(layout, tag)
        case .integer(let layout) where layout > 0 && layout < Int64(Self.current) && wasOpened:
            throw RedisError(
                .older,
                "the queue \(tag) has the older layout \(layout) now, as of an old backup: "
                    + "start a node anew to bring it to layout \(Self.current)")
        case .error(let text): throw RedisError(refusal: text)
        default: break
        }
    }

    /// Why a queue of a later version cannot be used.
    ///
    /// - Parameters:
    ///   - layout: The number; negative if there is none that can be read.
    ///   - tag: What all keys of the queue begin with.
    static func newer(_ layout: Int64, _ tag: String) -> RedisError {
        let which = layout < 0 ? "an unknown layout" : "layout \(layout)"
        return RedisError(
            .newer,
            "the queue \(tag) has \(which), made by a newer version of XQueue (this one knows layouts up to "
                + "\(current)); use that version, or another redis.key_prefix")
    }
}

#endif
