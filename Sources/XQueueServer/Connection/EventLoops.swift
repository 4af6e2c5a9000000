import NIOCore
import NIOPosix

/// The event loops of all servers in this process.
enum EventLoops {
    /// Up to so many loops there are two for each processor.
    private static let most = 8

    /// A loop's connections wait while its thread waits for a processor, which the store and the handlers use
    /// as well. Where there are few processors, two loops for each keep them busier than one does.
    ///
    /// They live as long as the process, as NIO's own do: what a connection has still to do after its server's
    /// end must find its loop.
    static let shared: any EventLoopGroup = MultiThreadedEventLoopGroup(
        numberOfThreads: max(System.coreCount, min(2 * System.coreCount, most)))
}
