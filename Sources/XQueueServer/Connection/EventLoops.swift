import NIOCore
import NIOPosix

/// The event loops shared by all servers in this process.
enum EventLoops {
    /// Up to this number of loops, there are two per core.
    private static let maxDoubled = 8

    /// The event loops. A loop's connections stall while its thread waits for a core, which the store and the handlers
    /// use as well; with few cores, two loops per core keep them busier than one.
    ///
    /// They live as long as the process, like NIO's own: connections may still need their loop after their server has
    /// stopped.
    static let shared: any EventLoopGroup = MultiThreadedEventLoopGroup(
        numberOfThreads: max(System.coreCount, min(2 * System.coreCount, maxDoubled)))
}
