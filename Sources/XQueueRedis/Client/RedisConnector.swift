#if Redis

import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Opens connections over TCP or a Unix socket, with or without TLS.
struct RedisConnector: Sendable {
    let group: any EventLoopGroup
    let connectTimeout: TimeAmount
    let tls: RedisConfiguration.TLS?
    private let tlsContext: NIOSSLContext?

    /// - Throws: `unsuitable` if a certificate cannot be loaded.
    init(group: any EventLoopGroup, configuration: RedisConfiguration) throws(RedisError) {
        self.group = group
        connectTimeout = TimeAmount(configuration.connectTimeout)
        tls = configuration.tls
        let needsTLS =
            configuration.tls != nil
            || configuration.sentinel?.addresses.contains { $0.encryption == .required } == true
        tlsContext = needsTLS ? try (tls ?? .init()).makeContext() : nil
    }

    /// Opens a connection without sending any command.
    func open(
        _ address: RedisAddress, options: RedisChannelHandler.Options
    ) async throws(RedisError) -> RedisConnection {
        let attempt = ConnectAttempt()
        let bootstrap = ClientBootstrap(group: group).connectTimeout(connectTimeout)
        let initializer: @Sendable (any Channel) -> EventLoopFuture<RedisConnection> = { channel in
            channel.eventLoop.makeCompletedFuture {
                try attempt.add(channel)
                if let handler = try tlsHandler(for: address) {
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
                return try RedisConnection(address: address, channel: channel, options: options)
            }
        }
        do {
            return try await withTaskCancellationHandler {
                switch address.place {
                case .host(let host, let port):
                    try await bootstrap.connect(host: host, port: port, channelInitializer: initializer)
                case .socket(let path):
                    try await bootstrap.connect(unixDomainSocketPath: path, channelInitializer: initializer)
                }
            } onCancel: {
                attempt.cancel()
            }
        } catch let error as RedisError {
            throw error
        } catch {
            throw RedisError(
                .disconnected, "cannot connect to Redis at \(address): \(Self.reason(of: error))",
                isUnsent: true)
        }
    }

    /// The underlying system error, without the layers around it.
    private static func reason(of error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            if let failure = error.connectionErrors.first { return reason(of: failure.error) }
            return error.dnsAError.map { "unknown host: \($0)" } ?? "\(error)"
        case let error as IOError:
            return String(cString: strerror(error.errnoCode))
        default:
            return "\(error)"
        }
    }

    private func tlsHandler(for address: RedisAddress) throws -> NIOSSLClientHandler? {
        guard let tlsContext, case .host(let host, _) = address.place else { return nil }
        switch address.encryption {
        case .none: return nil
        case .asConfigured where tls == nil: return nil
        case .asConfigured, .required: break
        }
        // A name is sent (SNI) and verified; an IP address is verified against that of the peer.
        let isNumeric = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        return try NIOSSLClientHandler(context: tlsContext, serverHostname: isNumeric ? nil : host)
    }
}

/// The channels of an attempt to connect (a name may have several addresses), so that it can be canceled.
final class ConnectAttempt: Sendable {
    private struct State {
        var channels: [any Channel] = []
        var isCancelled = false
    }

    private let state = Mutex(State())

    /// - Throws: `CancellationError` if the attempt was canceled.
    func add(_ channel: any Channel) throws {
        let isCancelled = state.withLock { state in
            state.channels.append(channel)
            return state.isCancelled
        }
        if isCancelled { throw CancellationError() }
    }

    func cancel() {
        let channels = state.withLock { state in
            state.isCancelled = true
            return state.channels
        }
        for channel in channels { channel.close(promise: nil) }
    }
}

/// Exponential back-off with jitter between attempts to connect.
struct ReconnectBackOff {
    private static let first = 0.05
    private static let last = 2.0
    private var seconds = first

    /// Returns the next delay: half of it random, so that nodes do not reconnect simultaneously.
    mutating func next() -> Duration {
        defer { seconds = min(seconds * 2, Self.last) }
        return .seconds(seconds * Double.random(in: 0.5...1))
    }

    mutating func reset() { seconds = Self.first }
}

#endif
