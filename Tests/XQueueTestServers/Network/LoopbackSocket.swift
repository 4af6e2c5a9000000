import Foundation

/// A blocking TCP socket on the loopback interface.
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

    /// Binds the port; returns false if it is in use.
    package func bind(_ port: Int) -> Bool {
        withAddress(port) { address, size in
            #if canImport(Darwin)
            Darwin.bind(descriptor, address, size) == 0
            #else
            Glibc.bind(descriptor, address, size) == 0
            #endif
        }
    }

    /// Connects to a port; returns whether that succeeded.
    package func connect(_ port: Int) -> Bool {
        withAddress(port) { address, size in
            #if canImport(Darwin)
            Darwin.connect(descriptor, address, size) == 0
            #else
            Glibc.connect(descriptor, address, size) == 0
            #endif
        }
    }

    /// Limits how much unread data both ends buffer. Must be called before `connect`.
    package func narrow() {
        var bytes: Int32 = 4096
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
        // The sender buffers a few segments of the negotiated size, which would be large on loopback.
        var segment: Int32 = 1000
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_MAXSEG, &segment, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Sets the timeout of a single read or write.
    package func limit(seconds: Int) {
        var time = timeval(tv_sec: seconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, size)
    }

    /// Writes all bytes; returns false if the connection broke or the timeout elapsed.
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

    /// Reads the next bytes; returns nil at the end, on a broken connection, or after the timeout.
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
