import XQueueCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The process's host and process ID.
struct HostProcess: Sendable {
    let host: String
    let id: Int

    static var current: HostProcess {
        let process = ProcessInfo.processInfo
        return HostProcess(host: process.hostName, id: Int(process.processIdentifier))
    }
}

/// Makes names of nodes.
enum NodeName {
    /// `host-1234-5f3a9c01`: the host, the process ID, and a random part, so that a restarted process is never
    /// mistaken for its predecessor.
    static func make(_ process: HostProcess, random: any RandomSource) -> String {
        let part = String(UInt32(truncatingIfNeeded: random.next()), radix: 16)
        return "\(process.host)-\(process.id)-\(part)"
    }
}
