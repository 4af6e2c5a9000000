#if Kafka

import Testing
import XQueueCore
import XQueueTestServers

@testable import XQueueKafka

@Suite("Kafka partitioner") struct KafkaPartitionerTests {
    private static let turn: UInt64 = 10_000_000

    @Test("Each partition gets a turn of ten milliseconds") func turns() {
        let seen = (0..<12).map { turn in
            Set(
                [0, 1, Self.turn - 1].map { offset in
                    KafkaPartitioner.partition(of: 4, at: turn * Self.turn + offset) { _ in true }
                })
        }
        #expect(seen.allSatisfy { $0.count == 1 })
        #expect(Set(seen[0..<4]).count == 4)
        #expect(seen[0..<4] == seen[4..<8] && seen[4..<8] == seen[8..<12])
    }

    @Test("A partition without a leader passes its turn to the next one") func available() {
        let partitions = (0..<3).map { turn in
            KafkaPartitioner.partition(of: 3, at: turn * Self.turn) { $0 == 1 }
        }
        #expect(partitions == [1, 1, 1])
        // If none has a leader, the message waits for one of them.
        let waiting = (0..<3).map { turn in
            KafkaPartitioner.partition(of: 3, at: turn * Self.turn) { _ in false }
        }
        #expect(Set(waiting) == [0, 1, 2])
    }

    @Test("Unordered messages are batched, and all partitions get some") func together()
        async throws
    {
        let fixture = try await KafkaFixture()
        let intake = try fixture.intake()
        try await intake.open()
        try await intake.append(IntakeMessage.numbered(0..<1, keepsOrder: false))
        // A turn may end while a batch is appended, but not every time.
        var fewest = 4
        for _ in 0..<10 where fewest > 1 {
            let batch = try await intake.append(IntakeMessage.numbered(1..<101, keepsOrder: false))
            fewest = min(fewest, Set(batch.map(\.part)).count)
        }
        #expect(fewest == 1)
        var partitions: Set<Int32> = []
        for number in 101..<401 where partitions.count < 4 {
            let places = try await intake.append(
                IntakeMessage.numbered(number..<number + 1, keepsOrder: false))
            partitions.formUnion(places.map(\.part))
        }
        #expect(partitions == [0, 1, 2, 3])
        await intake.close()
    }

    @Test("A configured partitioner applies to all messages") func chosen() async throws {
        let fixture = try await KafkaFixture()
        let intake = try fixture.intake { $0.properties["partitioner"] = "murmur2" }
        try await intake.open()
        let places = try await intake.append(IntakeMessage.numbered(0..<300, keepsOrder: false))
        #expect(Set(places.map(\.part)) == [0, 1, 2, 3])
        await intake.close()
    }
}

#endif
