#if Kafka

import CRdKafka
import Testing
import XQueueCore
import XQueueKafka
import XQueueTesting

@Suite("The log, in a cluster that fails", .timeLimit(.minutes(5))) struct KafkaFailureTests {
    /// Everything that is in the log, in a group that has read nothing.
    private func all(_ count: Int, in cluster: MockCluster) async throws -> [Int] {
        let reader = try cluster.intake { $0.groupID = "readers" }
        try await reader.open()
        var numbers = try await reader.records(count).numbers
        // Were there more of them than there should be, they would come now.
        numbers += try await reader.receive(limit: 100, waiting: .seconds(1)).numbers
        await reader.close()
        return numbers.sorted()
    }

    @Test("Errors that pass are retried, and leave every message once and in order") func passing()
        async throws
    {
        let cluster = try MockCluster(partitions: 1)
        let intake = try cluster.intake()
        for error in [
            RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
            RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
        ] { cluster.fail(.produce, [error]) }
        cluster.fail(.initProducerID, [RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS])
        for start in stride(from: 0, to: 100, by: 20) {
            try await intake.append(IntakeMessage.numbered(start..<start + 20, key: "one"))
        }
        await intake.close()
        #expect(try await all(100, in: cluster) == Array(0..<100))
    }

    @Test("A partition whose leader changes takes messages again at once") func leader() async throws {
        let cluster = try MockCluster(partitions: 1)
        let intake = try cluster.intake()
        for broker in 1...3 {
            cluster.move(partition: 0, to: Int32(broker))
            try await intake.append(IntakeMessage.numbered((broker - 1) * 10..<broker * 10))
        }
        await intake.close()
        #expect(try await all(30, in: cluster) == Array(0..<30))
    }

    @Test("A message that no broker takes in time is told, with the reason, and is not there twice after")
    func unavailable() async throws {
        let cluster = try MockCluster(partitions: 1)
        let intake = try cluster.intake { $0.deliveryTimeout = .seconds(6) }
        try await intake.append(IntakeMessage.numbered(0..<1))
        cluster.fail(
            .produce, Array(repeating: RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, count: 1000))
        let error = await #expect(throws: IntakeError.self) {
            try await intake.append(IntakeMessage.numbered(1..<2))
        }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("not acknowledged") == true)
        cluster.heal(.produce)
        try await eventually("messages are accepted again") {
            (try? await intake.append(IntakeMessage.numbered(1..<2))) != nil
        }
        await intake.close()
        #expect(try await all(2, in: cluster) == [0, 1])
    }

    @Test("A message that is refused for good is told at once, and the next one is taken") func refused()
        async throws
    {
        let cluster = try MockCluster(partitions: 1)
        let intake = try cluster.intake()
        try await intake.append(IntakeMessage.numbered(0..<1))
        cluster.fail(.produce, [RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE])
        let error = await #expect(throws: IntakeError.self) {
            try await intake.append(IntakeMessage.numbered(1..<2))
        }
        #expect(error?.code == .refused)
        try await eventually("messages are accepted again") {
            (try? await intake.append(IntakeMessage.numbered(2..<3))) != nil
        }
        await intake.close()
        #expect(try await all(2, in: cluster) == [0, 2])
    }

    @Test("Brokers go down and come back: what is sent meanwhile waits for them, and is read once")
    func brokersDown() async throws {
        let cluster = try MockCluster()
        let intake = try cluster.intake { $0.deliveryTimeout = .seconds(60) }
        try await intake.open()
        try await intake.append(IntakeMessage.numbered(0..<50))
        let first = try await intake.records(50)
        try await intake.commit(first)

        cluster.setDown()
        async let sent = intake.append(IntakeMessage.numbered(50..<100))
        // The reader asks in vain meanwhile.
        for _ in 0..<5 { _ = try? await intake.receive(limit: 100, waiting: .milliseconds(200)) }
        cluster.setUp()
        _ = try await sent
        let second = try await intake.records(50)
        try await intake.commit(second)
        #expect(Set(first.numbers + second.numbers) == Set(0..<100))
        // They may come again only if the group's coordinator had not noted that they were done with.
        #expect(second.numbers.filter { $0 >= 50 }.sorted() == Array(50..<100))
        await intake.close()
        #expect(try await all(100, in: cluster) == Array(0..<100))
    }

    @Test("With one broker of three down, the others carry on") func oneDown() async throws {
        let cluster = try MockCluster(partitions: 3)
        for partition: Int32 in 0..<3 { cluster.move(partition: partition, to: partition + 1) }
        let intake = try cluster.intake { $0.partitions = 3 }
        try await intake.open()
        try await intake.append(IntakeMessage.numbered(0..<30))
        cluster.setDown(1...1)
        cluster.move(partition: 0, to: 2)
        try await intake.append(IntakeMessage.numbered(30..<60))
        #expect(try await intake.records(60).numbers.sorted() == Array(0..<60))
        await intake.close()
    }

    @Test("What cannot be noted at first is noted later: nothing comes again") func commit() async throws {
        let cluster = try MockCluster(partitions: 1)
        let intake = try cluster.intake()
        try await intake.open()
        try await intake.append(IntakeMessage.numbered(0..<10))
        let records = try await intake.records(10)
        cluster.fail(
            .offsetCommit,
            [RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_NOT_COORDINATOR])
        try await intake.commit(records)
        // Time passes, in which what was not noted is noted.
        for _ in 0..<10 { _ = try await intake.receive(limit: 1, waiting: .milliseconds(100)) }
        await intake.close()
        let next = try cluster.intake()
        try await next.open()
        try await next.append(IntakeMessage.numbered(10..<11))
        #expect(try await next.records(1).numbers == [10])
        await next.close()
    }

    @Test("A reader that is held for longer than the group's patience stays in it") func longPause()
        async throws
    {
        let cluster = try MockCluster(partitions: 2)
        let intake = try cluster.intake {
            // The least that the library allows: no less than a session.
            $0.properties = ["max.poll.interval.ms": "6000", "session.timeout.ms": "6000"]
        }
        try await intake.open()
        try await intake.append(IntakeMessage.numbered(0..<1))
        _ = try await intake.records(1)
        let end = ContinuousClock.now + .seconds(9)
        try await eventually("more than a poll interval is over") {
            try await intake.hold()
            #expect(await intake.status().assigned == [0, 1])
            return ContinuousClock.now >= end
        }
        try await intake.append(IntakeMessage.numbered(1..<2))
        // Thrown out and let in again, it would get the first one, too.
        #expect(try await intake.records(1).numbers == [1])
        await intake.close()
    }

    @Test("The end comes in time, even if no broker answers") func endWithoutBrokers() async throws {
        let cluster = try MockCluster()
        let intake = try cluster.intake()
        try await intake.open()
        try await intake.append(IntakeMessage.numbered(0..<20))
        try await intake.commit(try await intake.records(20))
        cluster.setDown()
        let begin = ContinuousClock.now
        await intake.leave()
        await intake.close()
        // By its own bounds it takes less than half of that.
        #expect(ContinuousClock.now - begin < .seconds(60))
    }
}

#endif
