#if MQTT

import Foundation

/// Wakes a thread that is waiting in `poll`.
final class WakePipe: Sendable {
    /// The descriptor the thread polls for reading.
    let reading: Int32
    private let writing: Int32

    init() throws(MQTTError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw MQTTError(.disconnected, "cannot create a pipe: \(String(cString: strerror(errno)))")
        }
        (reading, writing) = (ends[0], ends[1])
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
    }

    deinit {
        close(reading)
        close(writing)
    }

    func wake() {
        var byte: UInt8 = 1
        // If the pipe is full, the thread will wake anyway.
        _ = write(writing, &byte, 1)
    }

    /// Discards the wake-ups so far.
    func drain() {
        var bytes: (UInt64, UInt64) = (0, 0)
        _ = read(reading, &bytes, MemoryLayout.size(ofValue: bytes))
    }
}

#endif
