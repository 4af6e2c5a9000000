import NIOCore
import NIOPosix

/// The event loops of a server.
enum EventLoops {
    /// Up to so many loops there are two for each processor.
    private static let most = 8

    /// Runs `body` with loops of its own, which end after it.
    ///
    /// A loop's connections wait while its thread waits for a processor, which the store and the handlers use
    /// as well. Where there are few processors, two loops for each keep them busier than one does.
    static func run<Value: Sendable>(
        _ body: (any EventLoopGroup) async throws -> Value
    ) async throws -> Value {
        let processors = System.coreCount
        let group = MultiThreadedEventLoopGroup(
            numberOfThreads: max(processors, min(2 * processors, most)))
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(group))
        } catch {
            result = .failure(error)
        }
        try await group.shutdownGracefully()
        return try result.get()
    }
}
