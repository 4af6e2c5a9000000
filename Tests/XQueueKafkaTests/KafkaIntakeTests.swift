#if Kafka

import Testing
import XQueueCore
import XQueueKafka
import XQueueTestServers
import XQueueTesting

@Suite("Kafka log with a real broker") struct KafkaIntakeTests {
    @Test("Appended messages are received, in order per key") func order() async throws {
        let fixture = try await KafkaFixture()
        let intake = try fixture.intake()
        try await intake.open()
        try await intake.append(IntakeMessage.numbered(0..<300, key: "one"))
        try await intake.append(IntakeMessage.numbered(300..<600))
        let records = try await intake.records(600)
        #expect(records.numbers.sorted() == Array(0..<600))
        #expect(records.numbers.filter { $0 < 300 } == Array(0..<300))
        #expect(Set(records.map(\.origin.part)).count == 4)
        #expect(records.allSatisfy { $0.origin.log == fixture.topic && $0.timestamp.milliseconds > 0 })
        let seen = try await fixture.records(of: fixture.topic)
        #expect(seen.first { $0.value == "17" }?.headers == ["n": "17"])
        await intake.close()
    }

    @Test("A message carries its trace; an invalid trace header is ignored") func trace()
        async throws
    {
        let fixture = try await KafkaFixture()
        let intake = try fixture.intake { $0.partitions = 1 }
        try await intake.open()
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        let headers = [
            [IntakeHeader("traceparent", parent), IntakeHeader("tracestate", "a=1")],
            [IntakeHeader("traceparent", "nonsense"), IntakeHeader("tracestate", "a=1")], [],
        ]
        for headers in headers {
            try await intake.append([IntakeMessage(key: "k", value: "1", headers: headers)])
        }
        let records = try await intake.records(3)
        #expect(records.map(\.trace) == [TraceContext(parent: parent, state: "a=1"), nil, nil])
        await intake.close()
    }

    @Test("Uncommitted records are redelivered, committed ones are not") func resume() async throws {
        let fixture = try await KafkaFixture()
        let first = try fixture.intake { $0.partitions = 1 }
        try await first.open()
        try await first.append(IntakeMessage.numbered(0..<10))
        let records = try await first.records(10)
        try await first.commit(Array(records.prefix(6)))
        await first.close()
        #expect(try await fixture.committed() == 6)

        let second = try fixture.intake { $0.partitions = 1 }
        try await second.open()
        #expect(try await second.records(4).numbers == [6, 7, 8, 9])
        let status = await second.status()
        #expect(status.problem == nil)
        #expect(status.parts.map(\.committed) == [6])
        #expect(status.assigned == [0])
        await second.close()
    }

    @Test("A record marked as stored is received as such and committed like any other") func stored()
        async throws
    {
        let fixture = try await KafkaFixture()
        let intake = try fixture.intake { $0.partitions = 1 }
        try await intake.open()
        try await intake.append(IntakeMessage.numbered(0..<1))
        #expect(try await intake.records(1).numbers == [0])
        let places = try await intake.append(IntakeMessage.numbered(1..<5)).sorted {
            $0.position < $1.position
        }
        #expect(places.map(\.position) == [1, 2, 3, 4])
        // An already received record and a nonexistent one are ignored.
        let gone = [0, 99].map { IntakeOrigin(log: fixture.topic, part: 0, position: $0) }
        intake.stored([places[1], places[3]] + gone)
        let records = try await intake.records(4)
        #expect(records.map(\.isStored) == [false, true, false, true])
        #expect(records.numbers == [1, 3])
        #expect(records.map(\.origin) == places)
        try await intake.commit(records)
        await intake.close()
        #expect(try await fixture.committed() == 5)
    }

    @Test("Two members share the partitions; one takes over when the other leaves") func share()
        async throws
    {
        let fixture = try await KafkaFixture()
        let (first, second) = (try fixture.intake(), try fixture.intake())
        try await first.open()
        try await second.open()
        try await eventually("both have a share") {
            _ = try await first.receive(limit: 10, waiting: .milliseconds(100))
            _ = try await second.receive(limit: 10, waiting: .milliseconds(100))
            let (one, other) = (await first.status().assigned, await second.status().assigned)
            return !one.isEmpty && !other.isEmpty && (one + other).sorted() == [0, 1, 2, 3]
        }
        await first.close()
        try await eventually("one has all") {
            _ = try await second.receive(limit: 10, waiting: .milliseconds(100))
            return await second.status().assigned == [0, 1, 2, 3]
        }
        await second.close()
    }

    @Test("While held, nothing is received and nothing is lost") func hold() async throws {
        let fixture = try await KafkaFixture()
        let intake = try fixture.intake()
        try await intake.open()
        try await intake.append(IntakeMessage.numbered(0..<1))
        _ = try await intake.records(1)
        try await intake.hold()
        try await intake.append(IntakeMessage.numbered(1..<500))
        for _ in 0..<5 { try await intake.hold() }
        #expect(try await intake.records(499).numbers.sorted() == Array(1..<500))
        await intake.close()
    }

    @Test("A partition revoked while held is read once it is reassigned") func holdAndShare()
        async throws
    {
        let fixture = try await KafkaFixture()
        let (first, second) = (try fixture.intake(), try fixture.intake())
        try await first.open()
        try await eventually("the first has all") {
            _ = try await first.receive(limit: 10, waiting: .milliseconds(100))
            return await first.status().assigned == [0, 1, 2, 3]
        }
        try await first.hold()
        try await second.open()
        try await eventually("the second has a share") {
            try await first.hold()
            _ = try await second.receive(limit: 10, waiting: .milliseconds(100))
            return await !second.status().assigned.isEmpty
        }
        _ = try await first.receive(limit: 10, waiting: .zero)
        await second.close()
        try await eventually("the first has all again") {
            _ = try await first.receive(limit: 10, waiting: .milliseconds(100))
            return await first.status().assigned == [0, 1, 2, 3]
        }
        try await first.append(IntakeMessage.numbered(0..<200))
        #expect(try await first.records(200).numbers.sorted() == Array(0..<200))
        await first.close()
    }

    @Test("Rejected records go to the dead letter topic with their reason and origin") func reject()
        async throws
    {
        let fixture = try await KafkaFixture()
        let intake = try fixture.intake()
        try await intake.open()
        let origin = IntakeOrigin(log: fixture.topic, part: 3, position: 7)
        let record = IntakeRecord(
            origin: origin, timestamp: Timestamp(milliseconds: 0), key: [1, 0xFF], value: [0xFE, 0])
        try await intake.reject([RejectedRecord(record, reason: "no ☕")])
        let dead = try await fixture.records(of: "tasks.dead")
        #expect(dead.count == 1)
        #expect(dead.first?.value == "\\xfe\0")
        #expect(
            dead.first?.headers == [
                "reason": "no ☕", "topic": "tasks", "partition": "3", "offset": "7",
                "timestamp": "1970-01-01T00:00:00.000Z",
            ])
        await intake.close()
    }

    @Test("A message too large for the broker is rejected permanently") func tooLarge() async throws {
        let fixture = try await KafkaFixture()
        let intake = try fixture.intake { $0.maxMessageBytes = 2000 }
        try await intake.open()
        let error = await #expect(throws: IntakeError.self) {
            try await intake.append([IntakeMessage(key: "a", value: String(repeating: "x", count: 3000))])
        }
        #expect(error?.code == .rejected)
        await intake.close()
    }

    @Test("An unreachable cluster is reported in time and used again once it is back") func outage()
        async throws
    {
        let fixture = try await KafkaFixture()
        let intake = try fixture.intake { $0.deliveryTimeout = .seconds(8) }
        try await intake.open()
        try await intake.append(IntakeMessage.numbered(0..<1))
        fixture.broker.pause()
        let error = await #expect(throws: IntakeError.self) {
            try await intake.append(IntakeMessage.numbered(1..<2))
        }
        #expect(error?.code == .unavailable)
        #expect(await intake.status().problem != nil)
        fixture.broker.resume()
        // The restarted test broker does not know the producer any more, so a new one is created.
        try await eventually("messages are accepted again") {
            (try? await intake.append(IntakeMessage.numbered(2..<3))) != nil
        }
        try await eventually("no problem is reported") { await intake.status().problem == nil }
        await intake.close()
    }

    @Test(
        "A property that breaks a guarantee is rejected with the reason",
        arguments: [
            ("acks", "1"), ("request.required.acks", "0"), ("enable.idempotence", "false"),
            ("enable.auto.commit", "true"), ("auto.commit.enable", "1"), ("enable.auto.offset.store", "true"),
            ("offset.store.method", "none"), ("message.timeout.ms", "0"), ("delivery.timeout.ms", "1000"),
            ("auto.offset.reset", "latest"), ("isolation.level", "read_uncommitted"),
            ("transactional.id", "x"), ("delivery.report.only.error", "true"),
            ("enable.partition.eof", "true"), ("allow.auto.create.topics", "true"),
            ("test.mock.num.brokers", "1"), ("enabled_events", "1"), ("log.queue", "true"),
        ])
    func promises(_ name: String, _ value: String) {
        var configuration = KafkaConfiguration(brokers: ["127.0.0.1:1"])
        configuration.properties = [name: value]
        let error = #expect(throws: IntakeError.self) {
            try KafkaIntake(configuration: configuration, logger: KafkaFixture.silent)
        }
        #expect(error?.code == .invalid)
        #expect(error?.message.contains(name) == true)
        #expect(error?.message.contains(": ") == true)
    }

    @Test("A property with the value a guarantee requires is accepted") func promisesKept() throws {
        var configuration = KafkaConfiguration(brokers: ["127.0.0.1:1"])
        configuration.properties = [
            "acks": "all", "enable.idempotence": "true", "enable.auto.commit": "False",
            "isolation.level": "read_committed", "linger.ms": "5",
        ]
        _ = try KafkaIntake(configuration: configuration, logger: KafkaFixture.silent)
    }

    @Test(
        "Invalid settings are rejected immediately",
        arguments: [
            { @Sendable (configuration: inout KafkaConfiguration) in configuration.topic = "a b" },
            { $0.topic = String(repeating: "x", count: 246) }, { $0.brokers = [] }, { $0.groupID = "" },
            { $0.security.transport = .saslTLS }, { $0.security.certificateFile = "/tmp/none.pem" },
            { $0.properties = ["no.such.property": "1"] }, { $0.properties = ["linger.ms": "soon"] },
            { $0.statusTopic = "tasks" },
        ] as [@Sendable (inout KafkaConfiguration) -> Void])
    func mistakes(_ change: @Sendable (inout KafkaConfiguration) -> Void) {
        var configuration = KafkaConfiguration(brokers: ["127.0.0.1:1"])
        configuration.topic = "tasks"
        change(&configuration)
        let error = #expect(throws: IntakeError.self) {
            try KafkaIntake(configuration: configuration, logger: KafkaFixture.silent)
        }
        #expect(error?.code == .invalid)
    }
}

#endif
