#if MQTT

import NIOCore
import Testing

@testable import XQueueMQTT

@Suite("MQTT frame filter") struct FrameFilterTests {
    typealias Version = MQTTConfiguration.Version

    @Test("Version 3.1.1 acknowledgements pass unchanged, however fragmented", arguments: [1, 2, 3, 1000])
    func version3(_ size: Int) {
        let bytes = FrameFixture.ofVersion3.flatMap { $0 }
        var filter = FrameFixture.filter(.v3)
        let result = filter.received(bytes, inPiecesOf: size)
        #expect(result.frames == bytes)
        #expect(result.violation == nil)
        #expect(filter.waiting == 0)
    }

    @Test(
        "Version 5 acknowledgements pass with number, reason and the properties the library uses",
        arguments: [1, 2, 3, 1000])
    func version5(_ size: Int) {
        var filter = FrameFixture.filter(.v5)
        let result = filter.received(FrameFixture.ofVersion5.flatMap { $0 }, inPiecesOf: size)
        let expected: [[UInt8]] = [
            [0x20, 13, 0, 0, 10, 0x21, 0, 20, 0x25, 0, 0x27, 0, 0, 0x10, 0], [0x40, 2, 0, 1],
            [0x40, 3, 0, 2, 0x10], [0x40, 3, 0, 3, 0x87], [0x40, 3, 0, 4, 0x97], [0x50, 2, 0, 1],
            [0x50, 3, 0, 2, 0x80], [0x70, 2, 0, 1], [0x70, 3, 0, 2, 0x92], [0xD0, 0], [0xE0, 1, 0x8B],
        ]
        #expect(result.violation == nil)
        #expect(result.frames == expected.flatMap { $0 })
    }

    @Test("The version 3 reply of a broker without version 5 is translated") func oldBroker() {
        var filter = FrameFixture.filter(.v5)
        let result = filter.received([0x20, 2, 0, 1], inPiecesOf: 4)
        #expect(result.frames == [0x20, 3, 0, 0x84, 0])
        #expect(result.violation == nil)
    }

    @Test("After a DISCONNECT, nothing passes and nothing is buffered") func afterTheEnd() {
        var filter = FrameFixture.filter(.v5)
        let result = filter.received([0xE0, 0, 0x30, 200, 1, 2, 3], inPiecesOf: 100)
        #expect(result.frames == [0xE0, 1, 0])
        #expect(result.violation == nil)
        #expect(filter.waiting == 0)
    }

    @Test("Packets before a violation still pass") func before() {
        var filter = FrameFixture.filter(.v3)
        let result = filter.received([0x40, 2, 0, 1, 0x30, 0, 0x40, 2, 0, 2], inPiecesOf: 100)
        #expect(result.frames == [0x40, 2, 0, 1])
        #expect(result.violation == "an unsolicited PUBLISH packet")
    }

    @Test(
        "Everything else ends the connection as soon as it is detected",
        arguments: [
            (Version.v3, [0x30], "an unsolicited PUBLISH packet"),
            (.v5, [0x90], "an unsolicited SUBACK packet"),
            (.v5, [0xF0], "an unsolicited AUTH packet"),
            (.v5, [0x00], "an unsolicited packet of the reserved type"),
            (.v3, [0xE0], "an unsolicited DISCONNECT packet"),
            (.v5, [0xB0], "an unsolicited UNSUBACK packet"),
            (.v3, [0x42], "a PUBACK packet with the flags 2"),
            (.v3, [0x40, 3], "a PUBACK packet of length 3"),
            (.v3, [0x40, 0], "a PUBACK packet of length 0"),
            (.v3, [0xD0, 1], "a PINGRESP packet of length 1"),
            (.v5, [0x20, 0xFF, 0xFF, 0xFF, 0x7F], "a CONNACK packet of length 268435455"),
            (.v5, [0x40, 0x81, 0x80, 0x10], "a PUBACK packet of length 262145"),
            (.v5, [0x20, 0xFF, 0xFF, 0xFF, 0xFF], "a packet with a malformed length"),
            (.v5, [0x20, 0x83, 0x00], "a packet with a malformed length"),
            (.v3, [0x40, 2, 0, 0], "a PUBACK packet for message 0"),
            (.v3, [0x20, 2, 2, 0], "a CONNACK packet with reserved flags"),
            (.v5, [0x40, 3, 0, 1, 1], "a PUBACK packet with the unknown reason 1"),
            (.v5, [0x70, 3, 0, 1, 0x87], "a PUBCOMP packet with the unknown reason 135"),
            (.v5, [0x40, 5, 0, 1, 0, 0, 0], "a PUBACK packet that is longer than its properties"),
            (.v5, [0x20, 2, 0, 0], "a CONNACK packet whose properties are cut short"),
            (.v5, [0x20, 4, 0, 0, 0, 0], "a CONNACK packet that is longer than its properties"),
        ] as [(Version, [UInt8], String)])
    func refused(_ version: Version, _ bytes: [UInt8], _ violation: String) {
        for size in [1, 100] {
            var filter = FrameFixture.filter(version)
            let result = filter.received(bytes, inPiecesOf: size)
            #expect(result.violation == violation)
            #expect(result.frames.isEmpty)
            #expect(filter.waiting == 0)
        }
    }

    @Test("Unsolicited answers end the connection")
    func unasked() {
        var filter = FrameFilter(.v3)
        #expect(filter.received([0x20], inPiecesOf: 1).violation == "an unsolicited CONNACK packet")
        filter = FrameFilter(.v3)
        filter.sent(ByteBuffer(bytes: FrameFixture.connect + FrameFixture.publish(1, quality: 1)))
        let result = filter.received([0x20, 2, 0, 0, 0x40, 2, 0, 1, 0x40, 2, 0, 1], inPiecesOf: 100)
        #expect(result.frames == [0x20, 2, 0, 0, 0x40, 2, 0, 1])
        #expect(result.violation == "an unsolicited PUBACK packet")
    }

    @Test("Sent packets are counted, however fragmented", arguments: [1, 3, 7, 100_000])
    func counting(_ size: Int) {
        let long: [UInt8] = [0x32, 0xC8, 0x01] + [UInt8](repeating: 0x32, count: 200)
        let sent = FrameFixture.everything + long + FrameFixture.publish(1, quality: 0)
        var owed = OwedAnswers()
        for start in stride(from: 0, to: sent.count, by: size) {
            owed.add(ByteBuffer(bytes: sent[start..<min(start + size, sent.count)]))
        }
        func count(_ kind: AnswerKind) -> Int {
            var (rest, count) = (owed, 0)
            while rest.contains(kind) {
                rest.remove(kind)
                count += 1
            }
            return count
        }
        #expect(count(.connack) == 1)
        #expect(count(.puback) == 101)
        #expect(count(.pubrec) == 100)
        #expect(count(.pubcomp) == 100)
        #expect(count(.pingresp) == 100)
    }
}

#endif
