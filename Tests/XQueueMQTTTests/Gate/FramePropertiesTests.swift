#if MQTT

import NIOCore
import Testing

@testable import XQueueMQTT

@Suite("MQTT 5 properties") struct FramePropertiesTests {
    /// The numeric properties of a CONNACK with these properties.
    private func read(_ properties: [UInt8], length: Int? = nil) throws(FrameViolation) -> [UInt8: UInt32] {
        var body = ByteBuffer(bytes: [UInt8(length ?? properties.count)] + properties)
        return try FrameProperties(&body, of: .connack).numbers
    }

    @Test("Every CONNACK property is read to its end") func everyKind() throws {
        let all: [UInt8] =
            [0x11, 0, 0, 0, 9, 0x12, 0, 1, 97, 0x13, 1, 0, 0x15, 0, 0, 0x16, 0, 2, 1, 2, 0x1A, 0, 1, 97]
            + [
                0x1C, 0, 1, 97, 0x1F, 0, 1, 97, 0x21, 0, 5, 0x22, 0, 0, 0x24, 1, 0x25, 1, 0x26, 0, 0, 0, 1,
                97,
            ]
            + [0x27, 0, 1, 0, 0, 0x28, 0, 0x29, 1, 0x2A, 0]
        let numbers = try read(all)
        #expect(numbers[FrameProperties.serverKeepAlive] == 256)
        #expect(numbers[FrameProperties.receiveMaximum] == 5)
        #expect(numbers[FrameProperties.maximumQoS] == 1)
        #expect(numbers[FrameProperties.retainAvailable] == 1)
        #expect(numbers[FrameProperties.maximumPacketSize] == 65536)
    }

    @Test(
        "Unknown, misplaced, duplicate, truncated or out-of-range properties are rejected",
        arguments: [
            ([0x7E], "with the unknown property 0x7e"),
            ([0x80, 0x01], "with the unknown property 0x80"),
            ([0x00], "with the unknown property 0x0"),
            ([0x23, 0, 1], "with the property 0x23, which does not belong there"),
            ([0x0B, 1], "with the property 0xb, which does not belong there"),
            ([0x21, 0, 1, 0x21, 0, 1], "with the property 0x21 twice"),
            ([0x21, 0], "whose property 0x21 is cut short"),
            ([0x1F, 0, 5, 97], "whose property 0x1f is cut short"),
            ([0x26, 0, 1, 97], "whose property 0x26 is cut short"),
            ([0x16, 0xFF, 0xFF, 1], "whose property 0x16 is cut short"),
            ([0x21, 0, 0], "with the value 0 of property 0x21"),
            ([0x27, 0, 0, 0, 0], "with the value 0 of property 0x27"),
            ([0x24, 2], "with the value 2 of property 0x24"),
        ] as [([UInt8], String)])
    func refused(_ properties: [UInt8], _ what: String) {
        let error = #expect(throws: FrameViolation.self) { try read(properties) }
        #expect(error?.description == "a CONNACK packet " + what)
    }

    @Test("A missing length, or one beyond the end, is rejected")
    func lengths() {
        let lists: [[UInt8]] = [
            [], [0x80], [0xFF, 0xFF, 0xFF, 0x7F], [0xFF, 0xFF, 0xFF, 0xFF, 1], [5, 0x24, 1],
        ]
        for bytes in lists {
            var body = ByteBuffer(bytes: bytes)
            let error = #expect(throws: FrameViolation.self) { try FrameProperties(&body, of: .puback) }
            #expect(error?.description == "a PUBACK packet whose properties are cut short")
        }
    }
}

#endif
