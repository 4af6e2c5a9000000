#if Kafka

import CRdKafka
import Testing
import XQueueCore
import XQueueKafka
import XQueueTesting

@Suite("Kafka log in a failing cluster", .timeLimit(.minutes(5))) struct KafkaFailureTests {
    /// The whole log, read by a new consumer group.
    private func all(_ count: Int, in cluster: MockCluster) async throws -> [Int] {
        let reader = try cluster.intake { $0.groupID = "readers" }
        try await reader.open()
        var numbers = try await reader.records(count).numbers
        // Any duplicates would arrive now.
        numbers += try await reader.receive(limit: 100, waiting: .seconds(1)).numbers
        await reader.close()
        return numbers.sorted()
    }

    @Test("Transient errors are retried; every message is stored once and in order") func passing()
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

    @Test("A partition accepts messages immediately after a leader change") func leader() async throws {
        let cluster = try MockCluster(partitions: 1)
        let intake = try cluster.intake()
        for broker in 1...3 {
            cluster.move(partition: 0, to: Int32(broker))
            try await intake.append(IntakeMessage.numbered((broker - 1) * 10..<broker * 10))
        }
        await intake.close()
        #expect(try await all(30, in: cluster) == Array(0..<30))
    }

    @Test("A delivery timeout is reported with its reason, and causes no duplicate")
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

    @Test("A permanently rejected message fails immediately, and the next one is accepted") func refused()
        async throws
    {
        let cluster = try MockCluster(partitions: 1)
        let intake = try cluster.intake()
        try await intake.append(IntakeMessage.numbered(0..<1))
        cluster.fail(.produce, [RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE])
        let error = await #expect(throws: IntakeError.self) {
            try await intake.append(IntakeMessage.numbered(1..<2))
        }
        #expect(error?.code == .rejected)
        try await eventually("messages are accepted again") {
            (try? await intake.append(IntakeMessage.numbered(2..<3))) != nil
        }
        await intake.close()
        #expect(try await all(2, in: cluster) == [0, 2])
    }

    @Test("Messages sent while all brokers are down wait for them and are read once")
    func brokersDown() async throws {
        let cluster = try MockCluster()
        let intake = try cluster.intake { $0.deliveryTimeout = .seconds(60) }
        try await intake.open()
        try await intake.append(IntakeMessage.numbered(0..<50))
        let first = try await intake.records(50)
        try await intake.commit(first)

        cluster.setDown()
        async let sent = intake.append(IntakeMessage.numbered(50..<100))
        // The reader gets nothing meanwhile.
        for _ in 0..<5 { _ = try? await intake.receive(limit: 100, waiting: .milliseconds(200)) }
        cluster.setUp()
        _ = try await sent
        let second = try await intake.records(50)
        try await intake.commit(second)
        #expect(Set(first.numbers + second.numbers) == Set(0..<100))
        // The first ones may be redelivered only if their commit did not reach the group coordinator.
        #expect(second.numbers.filter { $0 >= 50 }.sorted() == Array(50..<100))
        await intake.close()
        #expect(try await all(100, in: cluster) == Array(0..<100))
    }

    @Test("With one of three brokers down, the others take over") func oneDown() async throws {
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

    @Test(
        "A failed commit is retried; nothing is redelivered",
        arguments: [
            // Retried by the library.
            [RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_NOT_COORDINATOR],
            // Not retried by it.
            [RD_KAFKA_RESP_ERR_INVALID_COMMIT_OFFSET_SIZE],
            [RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS],
        ])
    func commit(errors: [rd_kafka_resp_err_t]) async throws {
        let cluster = try MockCluster(partitions: 1)
        let intake = try cluster.intake()
        try await intake.open()
        try await intake.append(IntakeMessage.numbered(0..<10))
        let records = try await intake.records(10)
        cluster.fail(.offsetCommit, errors)
        try await intake.commit(records)
        // Leaves time for the commit to be retried.
        for _ in 0..<10 { _ = try await intake.receive(limit: 1, waiting: .milliseconds(100)) }
        await intake.close()
        let next = try cluster.intake()
        try await next.open()
        try await next.append(IntakeMessage.numbered(10..<11))
        #expect(try await next.records(1).numbers == [10])
        await next.close()
    }

    @Test("A reader held for longer than max.poll.interval.ms stays in its group") func longPause()
        async throws
    {
        let cluster = try MockCluster(partitions: 2)
        let intake = try cluster.intake {
            // The minimum the library allows: the session timeout.
            $0.properties = ["max.poll.interval.ms": "6000", "session.timeout.ms": "6000"]
        }
        try await intake.open()
        try await intake.append(IntakeMessage.numbered(0..<1))
        _ = try await intake.records(1)
        let end = ContinuousClock.now + .seconds(9)
        try await eventually("more than a poll interval has passed") {
            try await intake.hold()
            #expect(await intake.status().assigned == [0, 1])
            return ContinuousClock.now >= end
        }
        try await intake.append(IntakeMessage.numbered(1..<2))
        // Had it left and rejoined, it would receive the first one again.
        #expect(try await intake.records(1).numbers == [1])
        await intake.close()
    }

    @Test("Closing takes bounded time, even if no broker responds") func endWithoutBrokers() async throws {
        let cluster = try MockCluster()
        let intake = try cluster.intake()
        try await intake.open()
        try await intake.append(IntakeMessage.numbered(0..<20))
        try await intake.commit(try await intake.records(20))
        cluster.setDown()
        let begin = ContinuousClock.now
        await intake.leave()
        await intake.close()
        // Its own timeouts add up to less than half of that.
        #expect(ContinuousClock.now - begin < .seconds(60))
    }
}

#endif
