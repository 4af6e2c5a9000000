import XQueueCore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Makes names of nodes.
enum NodeName {
    /// `host-1234-5f3a9c01`: the host, the process, and a part drawn at random, so that a restarted
    /// process is never taken for its predecessor.
    static func make(random: any RandomSource) -> String {
        let process = ProcessInfo.processInfo
        let part = String(UInt32(truncatingIfNeeded: random.next()), radix: 16)
        return "\(process.hostName)-\(process.processIdentifier)-\(part)"
    }
}
