#if MQTT

import NIOCore

@testable import XQueueMQTT

/// Typical packets of clients and brokers.
enum FrameFixture {
    static let connect: [UInt8] = [0x10, 0x10, 0, 4, 77, 81, 84, 84, 4, 2, 0, 60, 0, 4, 110, 111, 100, 101]
    static let ping: [UInt8] = [0xC0, 0]

    /// A one-letter message.
    static func publish(_ number: UInt8, quality: UInt8) -> [UInt8] {
        [0x30 | quality << 1, 6, 0, 1, 97, 0, number, 120]
    }

    static func release(_ number: UInt8) -> [UInt8] { [0x62, 2, 0, number] }

    /// Client packets that call for every kind of answer, most of them a hundred times.
    static var everything: [UInt8] {
        connect
            + (1...100).flatMap {
                publish($0, quality: 1) + publish($0, quality: 2) + release($0) + ping
            }
    }

    /// A filter through which the client has sent `everything`.
    static func filter(_ version: MQTTConfiguration.Version) -> FrameFilter {
        var filter = FrameFilter(version)
        filter.sent(ByteBuffer(bytes: everything))
        return filter
    }

    /// Answers of version 5 brokers such as mosquitto, with properties.
    static let ofVersion5: [[UInt8]] = [
        // Topic Alias Maximum, Receive Maximum, a user property twice, Retain Available, Maximum Packet Size.
        [0x20, 0x24, 0, 0, 0x21, 0x22, 0, 10, 0x21, 0, 20]
            + [0x26, 0, 1, 97, 0, 1, 98, 0x26, 0, 1, 97, 0, 2, 98, 99]
            + [0x25, 0, 0x27, 0, 0, 0x10, 0, 0x1F, 0, 2, 104, 105],
        [0x40, 2, 0, 1], [0x40, 3, 0, 2, 0x10], [0x40, 4, 0, 3, 0x87, 0],
        [0x40, 10, 0, 4, 0x97, 6, 0x1F, 0, 3, 110, 111, 111], [0x50, 2, 0, 1], [0x50, 3, 0, 2, 0x80],
        [0x70, 2, 0, 1], [0x70, 3, 0, 2, 0x92], [0xD0, 0], [0xE0, 5, 0x8B, 3, 0x1F, 0, 0],
    ]

    /// Answers of version 3.1.1 brokers.
    static let ofVersion3: [[UInt8]] = [
        [0x20, 2, 0, 0], [0x40, 2, 0, 1], [0x50, 2, 0, 2], [0x70, 2, 0, 2], [0xD0, 0], [0x40, 2, 0xFF, 0xFF],
    ]
}

extension FrameFilter {
    /// What passes of `bytes`, fed in pieces of `size`.
    mutating func received(_ bytes: [UInt8], inPiecesOf size: Int) -> (frames: [UInt8], violation: String?) {
        var frames: [UInt8] = []
        var violation: String?
        for start in stride(from: 0, to: bytes.count, by: size) {
            let passage = received(ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)]))
            frames += passage.frames.readableBytesView
            violation = violation ?? passage.violation?.description
        }
        return (frames, violation)
    }
}

#endif
