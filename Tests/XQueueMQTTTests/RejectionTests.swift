#if MQTT

import Testing
import XQueueCore
import XQueueMQTT
import XQueueTestServers
import XQueueTesting

/// Messages the broker rejects are set aside, the rest are delivered.
@Suite(.timeLimit(.minutes(5))) struct RejectionTests {
    private typealias Version = MQTTConfiguration.Version
    private static let presence = "task/notifier/task-queue-notifier-node"

    @Test(
        "A message too long for the broker blocks no other",
        arguments: [MQTTConfiguration.Version.v3, .v5],
        [MQTTConfiguration.QualityOfService.atLeastOnce, .exactlyOnce])
    func tooLong(
        _ version: MQTTConfiguration.Version, _ quality: MQTTConfiguration.QualityOfService
    ) async throws {
        let fixture = try await SinkFixture.start(options: ["max_packet_size 2000"])
        let subscriber = try await fixture.broker.subscribe(to: "task/status/+", name: "all")
        let sink = try fixture.sink {
            $0.version = version
            $0.qualityOfService = quality
        }
        var events = fixture.submissions(300)
        let culprits = [
            fixture.failure(bytes: 5000), fixture.failure(bytes: 6000), fixture.failure(bytes: 4000),
        ]
        events.insert(culprits[0], at: 10)
        events.insert(culprits[1], at: 200)
        events.append(culprits[2])
        try await sink.open()
        try await sink.deliver(events)
        let wanted = Set(events.map(\.taskID)).subtracting(culprits.map(\.taskID))
        try await eventually("all others arrive") {
            Set(subscriber.messages.map(\.topic)) == Set(wanted.map { "task/status/\($0)" })
        }
        let rejections = sink.takeRejections()
        // Each event has a message for its task and one for its status.
        #expect(rejections.count == 6, "\(rejections.named)")
        #expect(rejections.named.map(\.topic).contains("task/status/\(culprits[0].taskID)"))
        #expect(rejections.named.map(\.topic).contains("task/status/status/failed"))
        #expect(sink.takeRejections().count == 0)
        // The sink still delivers what comes next.
        let later = fixture.submissions(1)
        try await sink.deliver(later)
        try await eventually("the next message arrives") {
            subscriber.messages.last?.topic == "task/status/\(later[0].taskID)"
        }
        await sink.close()
    }

    @Test("Without acknowledgements, delivery continues although losses go unnoticed")
    func forgotten()
        async throws
    {
        let fixture = try await SinkFixture.start(options: ["max_packet_size 2000"])
        let subscriber = try await fixture.broker.subscribe(to: "task/status/+", name: "all")
        let sink = try fixture.sink { $0.qualityOfService = .atMostOnce }
        try await sink.open()
        // Either this batch continues on a new connection, or the next one does.
        try? await sink.deliver([fixture.failure(bytes: 5000)] + fixture.submissions(1))
        let later = fixture.submissions(1)
        try await eventually("a later message arrives") {
            do {
                try await sink.deliver(later)
            } catch {
                try await sink.open()
            }
            return subscriber.messages.contains { $0.topic == "task/status/\(later[0].taskID)" }
        }
        await sink.close()
    }

    @Test(
        "With a broker without retained messages, none are sent, which is reported once",
        arguments: [MQTTConfiguration.Version.v3, .v5])
    func nothingRetained(_ version: MQTTConfiguration.Version) async throws {
        let fixture = try await SinkFixture.start(options: ["retain_available false"])
        let subscriber = try await fixture.broker.subscribe(to: "#", name: "all")
        let sink = try fixture.sink { $0.version = version }
        try await sink.open()
        try await sink.open()
        try await sink.deliver(fixture.submissions(1))
        try await eventually("the message is there") {
            subscriber.messages.contains { $0.topic.hasPrefix("task/status/") }
        }
        #expect(subscriber.payloads(of: Self.presence).contains(#"{"status":"online","node":"node"}"#))
        #expect(sink.takeRejections().named.map(\.topic) == [Self.presence])
        await sink.close()
    }

    @Test(
        "Messages to be retained are published without the flag to a broker without retention",
        arguments: [MQTTConfiguration.Version.v5])
    func retainingInVain(_ version: MQTTConfiguration.Version) async throws {
        let fixture = try await SinkFixture.start(options: ["retain_available false"])
        let subscriber = try await fixture.broker.subscribe(to: "task/status/+", name: "all")
        let sink = try fixture.sink {
            $0.version = version
            $0.retains = true
        }
        try await sink.open()
        try await sink.deliver(fixture.submissions(3))
        try await eventually("they arrive") { subscriber.messages.count == 3 }
        await sink.close()
    }

    @Test(
        "A client not allowed to publish its presence delivers events",
        arguments: [MQTTConfiguration.Version.v3, .v5])
    func noPresence(_ version: MQTTConfiguration.Version) async throws {
        let fixture = try await SinkFixture.start(
            options: [], access: "topic readwrite task/status/#\ntopic readwrite task/progress/#\n")
        let subscriber = try await fixture.broker.subscribe(to: "task/status/+", name: "all")
        let sink = try fixture.sink { $0.version = version }
        let events = fixture.submissions(300)
        // mosquitto acknowledges the denied message, then closes the connection.
        try await eventually("the events are delivered") {
            do {
                try await sink.deliver(events)
                return true
            } catch {
                try? await sink.open()
                return false
            }
        }
        let topics = Set(events.map { "task/status/\($0.taskID)" })
        try await eventually("all are there") { Set(subscriber.messages.map(\.topic)) == topics }
        #expect(sink.takeRejections().count <= 1)
        await sink.close()
    }

    @Test("Messages to a denied topic are reported one by one")
    func denied() async throws {
        let fixture = try await SinkFixture.start(
            options: [], access: "topic readwrite task/notifier/#\ntopic readwrite task/status/#\n")
        let sink = try fixture.sink { $0.version = .v5 }
        try await sink.open()
        let id = fixture.ids.next()
        try await sink.deliver(fixture.life(of: id))
        let rejections = sink.takeRejections()
        #expect(rejections.named.map(\.topic) == ["task/progress/\(id)"])
        #expect(rejections.named.first?.reason.lowercased().contains("not authori") == true)
        await sink.close()
    }
}

#endif
