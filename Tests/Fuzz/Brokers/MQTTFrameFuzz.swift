#if MQTT

import NIOCore

@testable import XQueueMQTT

extension FuzzReader {
    /// A broker's packets on their way to libmosquitto: the same pass however the network cuts them, little is kept back,
    /// and what has passed passes again.
    static let mqttFrames = FuzzReader("mqtt-frames") { bytes in
        var input = FuzzInput(bytes)
        let choice = input.byte()
        let version: MQTTConfiguration.Version = choice & 1 == 0 ? .v3 : .v5
        let whole = try pass([Array(input.rest)], version)
        let cut = try pass(input.rest.pieces(of: 1 + Int(choice >> 1) % 32), version)
        try require(whole == cut, "\(whole) at once, \(cut) in pieces")
        let again = try pass([whole.frames], version)
        try require(again == Passage(frames: whole.frames), "\(whole.frames) gives \(again)")
        return whole.violation == nil && !whole.frames.isEmpty
    }

    private struct Passage: Equatable {
        var frames: [UInt8] = []
        var violation: FrameViolation?
    }

    /// The heads of what a client sends before it is owed an answer of each kind.
    private static let requests: [UInt8] = [0x10, 0x32, 0x34, 0x62, 0xC0]

    private static func pass(_ pieces: [[UInt8]], _ version: MQTTConfiguration.Version) throws -> Passage {
        var filter = FrameFilter(version)
        for head in requests {
            for _ in 0..<4 { filter.sent(ByteBuffer(bytes: [head, 0])) }
        }
        var result = Passage()
        for piece in pieces {
            let passage = filter.received(ByteBuffer(bytes: piece))
            result.frames += passage.frames.readableBytesView
            result.violation = result.violation ?? passage.violation
            try require(filter.waiting <= FrameFilter.maxFrameBytes + 5, "\(filter.waiting) bytes kept back")
        }
        return result
    }
}

#endif
