#if MQTT

import NIOCore
import Testing
import XQueueTesting

@testable import XQueueMQTT

@Suite("Damaged MQTT packets") struct AlteredFrameTests {
    typealias Version = MQTTConfiguration.Version
    private static let rounds = 4000

    /// Random numbers from a fixed seed.
    private struct Dice {
        let source: SeededRandomSource

        func roll(_ count: Int) -> Int { Int(source.next() % UInt64(max(count, 1))) }
    }

    /// Changes, removes, inserts or repeats a few bytes.
    private func alter(_ bytes: [UInt8], _ dice: Dice) -> [UInt8] {
        var bytes = bytes
        for _ in 0...dice.roll(4) {
            let place = dice.roll(bytes.count)
            switch dice.roll(5) {
            case 0 where !bytes.isEmpty: bytes[place] = UInt8(dice.roll(256))
            case 1 where !bytes.isEmpty: bytes[place] ^= 1 << UInt8(dice.roll(8))
            case 2 where !bytes.isEmpty: bytes.remove(at: place)
            case 3: bytes.insert([0x00, 0x7F, 0x80, 0xFF][dice.roll(4)], at: place)
            default: bytes.insert(contentsOf: bytes.prefix(dice.roll(20)), at: place)
            }
        }
        return bytes
    }

    /// Whether these are whole packets of permitted kinds, none longer than necessary.
    private func isHarmless(_ frames: [UInt8]) -> Bool {
        var rest = frames[...]
        while let head = rest.first {
            guard let kind = AnswerKind(rawValue: head >> 4), head & 15 == 0, rest.count >= 2 else {
                return false
            }
            let length = Int(rest[rest.startIndex + 1])
            guard length <= 18, kind == .connack || length <= 3, rest.count >= 2 + length else {
                return false
            }
            rest = rest.dropFirst(2 + length)
        }
        return true
    }

    @Test("Altered packets never trap, pass only as acknowledgements, and are not buffered")
    func altered() {
        let dice = Dice(source: SeededRandomSource(seed: 20_260_101))
        var (violations, passed) = (0, 0)
        for round in 0..<Self.rounds {
            let version: Version = round % 2 == 0 ? .v3 : .v5
            let good = version == .v3 ? FrameFixture.ofVersion3 : FrameFixture.ofVersion5
            let bytes = alter(good.flatMap { $0 }, dice)
            var filter = FrameFixture.filter(version)
            let result = filter.received(bytes, inPiecesOf: 1 + dice.roll(bytes.count))
            #expect(isHarmless(result.frames), "round \(round): \(bytes)")
            #expect(filter.waiting <= bytes.count)
            violations += result.violation == nil ? 0 : 1
            passed += result.frames.isEmpty ? 0 : 1
        }
        // Most are detected, and most have a valid beginning.
        #expect(violations > Self.rounds / 2)
        #expect(passed > Self.rounds / 4)
    }

    @Test("Noise never traps and is never buffered beyond the limit") func noise() {
        let dice = Dice(source: SeededRandomSource(seed: 7))
        for round in 0..<Self.rounds {
            let bytes = (0..<64).map { _ in UInt8(dice.roll(256)) }
            var filter = FrameFixture.filter(round % 2 == 0 ? .v3 : .v5)
            let result = filter.received(bytes, inPiecesOf: 1 + dice.roll(64))
            #expect(isHarmless(result.frames), "round \(round): \(bytes)")
            #expect(filter.waiting <= bytes.count)
        }
    }

    @Test("A slow packet just within the limit is accepted, and nothing beyond it is buffered")
    func slow() {
        // Tens of thousands of user properties with empty names and values, after a three-byte length.
        let count = (FrameFilter.maxFrameBytes - 5) / 5
        let length = count * 5
        let body: [UInt8] =
            [0, 0] + number(length) + (0..<count).flatMap { _ in [0x26, 0, 0, 0, 0] as [UInt8] }
        let bytes: [UInt8] = [0x20] + number(body.count) + body
        var filter = FrameFixture.filter(.v5)
        var most = 0
        var frames: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 1000) {
            let passage = filter.received(ByteBuffer(bytes: bytes[start..<min(start + 1000, bytes.count)]))
            #expect(passage.violation == nil)
            frames += passage.frames.readableBytesView
            most = max(most, filter.waiting)
        }
        #expect(frames == [0x20, 3, 0, 0, 0])
        #expect(most <= FrameFilter.maxFrameBytes + 4)
        #expect(filter.waiting == 0)
    }

    @Test("Endless fragmented acknowledgements leave nothing buffered") func endless() {
        var filter = FrameFilter(.v3)
        filter.sent(ByteBuffer(bytes: FrameFixture.connect))
        _ = filter.received([0x20, 2, 0, 0], inPiecesOf: 4)
        var passed = 0
        for _ in 0..<20_000 {
            filter.sent(ByteBuffer(bytes: (1...3).flatMap { FrameFixture.publish($0, quality: 1) }))
            passed +=
                filter.received([0x40, 2, 0, 1, 0x40, 2, 0, 2, 0x40, 2, 0, 3], inPiecesOf: 5).frames.count
            #expect(filter.waiting == 0)
        }
        #expect(passed == 20_000 * 12)
    }

    private func number(_ value: Int) -> [UInt8] {
        var (rest, bytes) = (value, [UInt8]())
        repeat {
            bytes.append(UInt8(rest & 127) | (rest > 127 ? 128 : 0))
            rest >>= 7
        } while rest > 0
        return bytes
    }
}

#endif
