#if Redis

import NIOCore
import Synchronization

/// The known servers of a Redis Cluster, and which of them serves the queue's slot.
///
/// Without a cluster it holds only the configured server.
final class ClusterMap: Sendable {
    /// Maximum number of servers to remember; any one that replies is enough.
    private static let maxServers = 100
    /// The queue's hash tag, which determines the slot of all its keys.
    private let tag: String
    private let timeout: TimeAmount
    private let seed: RedisAddress
    private let known: Mutex<[RedisAddress]>

    init(tag: String, seed: RedisAddress, timeout: TimeAmount) {
        self.tag = tag
        self.seed = seed
        self.timeout = timeout
        known = Mutex([seed])
    }

    /// The servers to try, the slot's last known owner first.
    var candidates: [RedisAddress] { known.withLock { $0 } }

    /// Asks the server at `connection` which server owns the queue's slot; returns nil if it is that server itself.
    ///
    /// - Throws: `disconnected` if no server currently serves the slot.
    func owner(asking connection: RedisConnection) async throws(RedisError) -> RedisAddress? {
        guard case .integer(let slot) = try await send(RedisCommand("CLUSTER", "KEYSLOT", tag), connection),
            case .bytes(let own) = try await send(RedisCommand("CLUSTER", "MYID"), connection),
            case .array(let ranges) = try await send(RedisCommand("CLUSTER", "SLOTS"), connection)
        else { throw RedisError(.unsuitable, "unexpected reply from \(connection.address) to CLUSTER") }
        let parsed = ranges.compactMap { SlotRange($0, askedAt: connection.address) }
        guard let owner = parsed.first(where: { $0.slots.contains(slot) })?.servers.first else {
            throw RedisError(
                .disconnected, "no server of the Redis Cluster serves slot \(slot), the slot of \(tag)")
        }
        remember([owner.address, seed] + parsed.flatMap { $0.servers.map(\.address) })
        return owner.id == own ? nil : owner.address
    }

    private func send(
        _ command: RedisCommand, _ connection: RedisConnection
    ) async throws(RedisError) -> RedisReply {
        let reply = try await connection.send(command, timeout: timeout)
        if case .error(let text) = reply { throw RedisError(errorReply: text) }
        return reply
    }

    private func remember(_ addresses: [RedisAddress]) {
        var seen: Set<RedisAddress> = []
        let distinct = addresses.filter { seen.insert($0).inserted }
        known.withLock { $0 = Array(distinct.prefix(Self.maxServers)) }
    }
}

/// An entry of `CLUSTER SLOTS`: a range of slots and the servers with them, the primary first.
private struct SlotRange {
    let slots: ClosedRange<Int64>
    let servers: [(address: RedisAddress, id: [UInt8])]

    /// - Parameter address: The replying server, which omits hosts that equal its own.
    init?(_ reply: RedisReply, askedAt address: RedisAddress) {
        guard case .array(let parts) = reply, parts.count > 2,
            case .integer(let first) = parts[0], case .integer(let last) = parts[1], first <= last
        else { return nil }
        slots = first...last
        servers = parts.dropFirst(2).compactMap { part in
            guard case .array(let server) = part, server.count > 2, case .integer(let number) = server[1],
                let port = Int(exactly: number), RedisAddress.ports ~= port,
                case .bytes(let id) = server[2], let host = Self.host(server[0], askedAt: address)
            else { return nil }
            return (RedisAddress(.host(host, port: port), encryption: address.encryption), id)
        }
    }

    private static func host(_ reply: RedisReply, askedAt address: RedisAddress) -> String? {
        if case .bytes(let bytes) = reply, !bytes.isEmpty { return String(decoding: bytes, as: UTF8.self) }
        if case .host(let host, _) = address.place { return host }
        return nil
    }
}

#endif
