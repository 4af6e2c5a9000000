import Foundation

/// A plain blocking TCP socket on the loopback interface.
package struct LoopbackSocket: ~Copyable {
    private let descriptor: Int32

    package init() {
        #if canImport(Darwin)
        descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #else
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        #endif
    }

    deinit {
        close(descriptor)
    }

    /// True if nobody else has the port.
    package func bind(_ port: Int) -> Bool {
        withAddress(port) { address, size in
            #if canImport(Darwin)
            Darwin.bind(descriptor, address, size) == 0
            #else
            Glibc.bind(descriptor, address, size) == 0
            #endif
        }
    }

    /// True once somebody has accepted.
    package func connect(_ port: Int) -> Bool {
        withAddress(port) { address, size in
            #if canImport(Darwin)
            Darwin.connect(descriptor, address, size) == 0
            #else
            Glibc.connect(descriptor, address, size) == 0
            #endif
        }
    }

    /// Has both systems keep little of what is sent to it and not read. To be called before `connect`.
    package func narrow() {
        var bytes: Int32 = 4096
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
        // The sender's system keeps a few segments of the size that is agreed on, which would be large here.
        var segment: Int32 = 1000
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_MAXSEG, &segment, socklen_t(MemoryLayout<Int32>.size))
    }

    /// How long one reading or writing may take.
    package func limit(seconds: Int) {
        var time = timeval(tv_sec: seconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, size)
    }

    /// False if the connection broke or the time is over.
    package func write(_ bytes: [UInt8]) -> Bool {
        #if canImport(Darwin)
        let flags: Int32 = 0
        #else
        let flags = Int32(MSG_NOSIGNAL)
        #endif
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, flags) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// What came next; nil at the end, when the connection broke, and when the time is over.
    package func read() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count > 0 ? Array(buffer[..<count]) : nil
    }

    private func withAddress<Value>(
        _ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Value
    ) -> Value {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
