#if Redis

import NIOCore

/// A connection shared by many callers: commands are written in batches and answered in order.
final class RedisConnection: Sendable {
    /// The server's address.
    let address: RedisAddress
    private let queue: CommandQueue
    private let channel: any Channel
    private let handler: NIOLoopBound<RedisChannelHandler>
    private let commandTimeout: TimeAmount

    /// Call it on the channel's event loop, before the channel connects.
    init(
        address: RedisAddress, channel: any Channel, options: RedisChannelHandler.Options
    ) throws {
        self.address = address
        self.channel = channel
        commandTimeout = options.commandTimeout
        queue = CommandQueue()
        let handler = try RedisChannelHandler(queue: queue, options: options)
        self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
        try channel.pipeline.syncOperations.addHandler(handler)
    }

    /// Number of unanswered commands.
    var load: Int { queue.load }

    /// Sends a command and waits for its reply, which may be an error reply.
    ///
    /// - Throws: What ended the connection; `isUnsent` is set if the command was never sent.
    func send(_ command: RedisCommand) async throws(RedisError) -> RedisReply {
        try await send(command, timeout: commandTimeout)
    }

    func send(_ command: RedisCommand, timeout: TimeAmount) async throws(RedisError) -> RedisReply {
        let outcome = await withCheckedContinuation { continuation in
            switch queue.append(command, continuation, timeout: timeout) {
            case .queued: break
            case .needsFlush: channel.eventLoop.execute { [handler] in handler.value.flush() }
            case .rejected(let error): continuation.resume(returning: .failure(error))
            }
        }
        return try outcome.get()
    }

    /// Rejects further commands, and closes once those in flight are answered.
    func retire() {
        queue.stopAccepting(RedisChannelHandler.retired)
        channel.eventLoop.execute { [handler] in handler.value.retire() }
    }

    /// Closes the connection immediately and fails waiting callers with `error`.
    func close(_ error: RedisError) {
        channel.eventLoop.execute { [handler] in handler.value.end(error) }
    }

    /// Runs `body`. Canceling the calling task closes the connection, which ends `body`.
    func whileOpen<Value: Sendable>(
        _ body: @Sendable (RedisConnection) async throws(RedisError) -> Value
    ) async throws(RedisError) -> Value {
        let outcome = await withTaskCancellationHandler {
            do throws(RedisError) {
                return Result<Value, RedisError>.success(try await body(self))
            } catch {
                return Result<Value, RedisError>.failure(error)
            }
        } onCancel: {
            close(.init(.closed, "the Redis client is closed"))
        }
        return try outcome.get()
    }

    /// Calls `body` once the connection is closed and waiting callers have failed.
    func whenClosed(_ body: @escaping @Sendable () -> Void) {
        channel.closeFuture.whenComplete { _ in body() }
    }

    func waitUntilClosed() async {
        _ = try? await channel.closeFuture.get()
    }
}

#endif
