#if MQTT

import Testing
import XQueueCore
import XQueueMQTT
import XQueueTestServers
import XQueueTesting

/// What subscribers of a real broker receive.
@Suite(.timeLimit(.minutes(5))) struct PublishTests {
    @Test(
        arguments: [MQTTConfiguration.Version.v3, .v5],
        MQTTConfiguration.QualityOfService.allCases)
    func everyTopicAndPayloadIsExact(
        _ version: MQTTConfiguration.Version, _ quality: MQTTConfiguration.QualityOfService
    ) async throws {
        let fixture = try await SinkFixture.start()
        let subscriber = try await fixture.broker.subscribe(to: "#", name: "all", quality: 2)
        let sink = try fixture.sink {
            $0.version = version
            $0.qualityOfService = quality
        }
        let id = fixture.ids.next()
        try await sink.open()
        try await sink.deliver(fixture.life(of: id) + [fixture.tick(of: id)])
        await sink.close()

        try await eventually("all messages are there") { subscriber.messages.count >= 10 }
        let time = "2026-01-01T00:00:00.00"
        func status(
            _ status: String, _ version: Int, error: String = "null", retries: Int = 0, at end: String
        ) -> String {
            #"{"task_id":"\#(id)","type":"thumbnail","status":"\#(status)","error":\#(error),"#
                + #""retry_count":\#(retries),"timestamp":"\#(time)\#(end)Z","version":\#(version)}"#
        }
        let pending = status("pending", 1, at: "1")
        let processing = status("processing", 2, at: "2")
        let failed = status("failed", 3, error: #""a \"b\"\n""#, retries: 1, at: "4")
        let presence = "task/notifier/task-queue-notifier-node"
        let expected = [
            (presence, #"{"status":"online","node":"node"}"#),
            ("task/status/\(id)", pending), ("task/status/status/pending", pending),
            ("task/status/\(id)", processing), ("task/status/status/processing", processing),
            (
                "task/progress/\(id)",
                #"{"task_id":"\#(id)","progress":40,"message":"half way","timestamp":"\#(time)3Z"}"#
            ),
            ("task/status/\(id)", failed), ("task/status/status/failed", failed),
            (
                "task/schedule/nightly",
                #"{"schedule":"nightly","outcome":"fired","tick":"\#(time)0Z","count":1,"task_id":"\#(id)","#
                    + #""type":"thumbnail","timestamp":"\#(time)5Z"}"#
            ),
            (presence, #"{"status":"offline","node":"node"}"#),
        ]
        let messages = subscriber.messages
        #expect(messages.map { "\($0.topic) \($0.payload)" } == expected.map { "\($0.0) \($0.1)" })
        #expect(messages.allSatisfy { $0.qualityOfService == quality.rawValue })
    }

    @Test func customTopicsAreUsed() async throws {
        let fixture = try await SinkFixture.start()
        let subscriber = try await fixture.broker.subscribe(to: "#", name: "all")
        let sink = try fixture.sink(node: "a/b+c#") {
            $0.topic = "jobs"
            $0.clientID = "mine"
        }
        let id = fixture.ids.next()
        try await sink.open()
        try await sink.deliver(fixture.life(of: id))
        await sink.close()
        let expected = [
            "jobs/\(id)", "jobs/status/pending", "jobs/status/processing", "jobs/status/failed",
            "progress/\(id)",
            "notifier/mine-a-b-c-",
        ]
        try await eventually("all topics are there") {
            Set(subscriber.messages.map(\.topic)) == Set(expected)
        }
    }

    @Test(arguments: [true, false])
    func retainedMessagesWaitForSubscribers(_ retains: Bool) async throws {
        let fixture = try await SinkFixture.start()
        let sink = try fixture.sink { $0.retains = retains }
        let id = fixture.ids.next()
        try await sink.open()
        try await sink.deliver(fixture.life(of: id))
        let subscriber = try await fixture.broker.subscribe(to: "#", name: "late")
        // The presence message is always retained.
        let count = retains ? 6 : 1
        try await eventually("the retained messages arrive") { subscriber.messages.count == count }
        #expect(subscriber.messages.allSatisfy { $0.isRetained })
        #expect(subscriber.payloads(of: "task/status/\(id)").count == (retains ? 1 : 0))
        await sink.close()
    }

    @Test func thousandsOfMessagesKeepTheirOrder() async throws {
        let fixture = try await SinkFixture.start()
        let subscriber = try await fixture.broker.subscribe(to: "task/status/+", name: "all")
        let sink = try fixture.sink()
        let events = fixture.submissions(5000)
        try await sink.open()
        try await sink.deliver(Array(events[..<3000]))
        try await sink.deliver(Array(events[3000...]))
        await sink.close()
        try await eventually("all are there") { subscriber.messages.count == 5000 }
        #expect(subscriber.messages.map(\.topic) == events.map { "task/status/\($0.taskID)" })
    }
}

#endif
