#if Redis

import NIOCore
import Synchronization

/// Which servers of a Redis Cluster are known, and which of them has the queue's slot.
///
/// Of a server that is no part of a cluster it knows just that one.
final class ClusterMap: Sendable {
    /// More servers than that are not remembered; any one that answers is enough.
    private static let most = 100
    /// The queue's hash tag: all its keys are in the tag's slot.
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

    /// Whom to ask, in this order: the slot's last known owner first.
    var candidates: [RedisAddress] { known.withLock { $0 } }

    /// The server that has the queue's slot, as the server behind `connection` knows; nil if it is that one.
    ///
    /// - Throws: `disconnected` if no server has the slot now.
    func owner(asking connection: RedisConnection) async throws(RedisError) -> RedisAddress? {
        guard case .integer(let slot) = try await ask(RedisCommand("CLUSTER", "KEYSLOT", tag), connection),
            case .bytes(let own) = try await ask(RedisCommand("CLUSTER", "MYID"), connection),
            case .array(let ranges) = try await ask(RedisCommand("CLUSTER", "SLOTS"), connection)
        else { throw RedisError(.unfit, "\(connection.address) does not say how its cluster is made up") }
        let parsed = ranges.compactMap { SlotRange($0, askedAt: connection.address) }
        guard let owner = parsed.first(where: { $0.slots.contains(slot) })?.servers.first else {
            throw RedisError(
                .disconnected, "no server of the Redis Cluster has slot \(slot), which \(tag) is in")
        }
        remember([owner.address, seed] + parsed.flatMap { $0.servers.map(\.address) })
        return owner.id == own ? nil : owner.address
    }

    private func ask(
        _ command: RedisCommand, _ connection: RedisConnection
    ) async throws(RedisError) -> RedisReply {
        let reply = try await connection.send(command, timeout: timeout)
        if case .error(let text) = reply { throw RedisError(refusal: text) }
        return reply
    }

    private func remember(_ addresses: [RedisAddress]) {
        var seen: Set<RedisAddress> = []
        let distinct = addresses.filter { seen.insert($0).inserted }
        known.withLock { $0 = Array(distinct.prefix(Self.most)) }
    }
}

/// One line of `CLUSTER SLOTS`: slots, and the servers that have them, the primary first.
private struct SlotRange {
    let slots: ClosedRange<Int64>
    let servers: [(address: RedisAddress, id: [UInt8])]

    /// - Parameter address: Of the server that says so. It leaves out hosts that are the same as its own.
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
