#if MQTT

import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

/// The program publishes to a real broker, even across restarts of either.
@Suite(.timeLimit(.minutes(5))) struct MQTTTests {
    private struct Published: Decodable {
        var task_id: String
        var type: String
        var status: String
    }

    @Test(arguments: ["tcp", "ws"])
    func everyStepIsPublishedUnderBothTopics(scheme: String) async throws {
        let broker = try MosquittoServer()
        try await broker.start()
        let subscriber = try await broker.subscribe(to: "task/#", name: "all")
        let port = scheme == "ws" ? broker.webSocketPort : broker.port
        let folder = try ServerFolder()
        let server = try await ServerProcess(
            in: folder, ["--mqtt-broker", "\(scheme)://127.0.0.1:\(port)"])
        let task = try await API(server).submit("example", #"{"duration_ms":300,"steps":2}"#)
        try await eventually("the success is published") {
            subscriber.messages.contains { $0.topic == "task/status/status/success" }
        }
        let messages = subscriber.messages
        let steps = ["pending", "processing", "success"]
        for topic in ["task/status/\(task.id)"] + steps.map({ "task/status/status/\($0)" }) {
            let told = try messages.filter { $0.topic == topic }.map {
                try JSONDecoder().decode(Published.self, from: Data($0.payload.utf8))
            }
            #expect(told.allSatisfy { TaskID($0.task_id) == task.id && $0.type == "example" }, "\(topic)")
            let expected = topic.hasSuffix("\(task.id)") ? steps : steps.filter { topic.hasSuffix($0) }
            #expect(told.map(\.status) == expected)
        }
        #expect(messages.contains { $0.topic == "task/progress/\(task.id)" })
        #expect(
            messages.contains { $0.topic.hasPrefix("task/notifier/") && $0.payload.contains("\"online\"") })
    }

    @Test func nothingIsMissingWhenNodeAndBrokerRestart() async throws {
        let broker = try MosquittoServer()
        try await broker.start()
        let subscriber = try await broker.subscribe(to: "task/status/+", name: "steps")
        let folder = try ServerFolder()
        let flags = ["--mqtt-broker", "tcp://127.0.0.1:\(broker.port)"]
        var server = try await ServerProcess(in: folder, flags)
        for round in 0..<6 {
            try await API(server).submitMany(200)
            switch round {
            case 1, 4:
                try await server.kill9()
                server = try await ServerProcess(in: folder, flags)
            case 2: try await broker.stop()
            case 3: try await broker.start()
            default: break
            }
        }
        try await API(server).allEnd()
        try await eventually("every task's end is published") {
            try PublishedSteps(subscriber.messages.map(\.payload)).whole == 1200
        }
        #expect(try PublishedSteps(subscriber.messages.map(\.payload)).broken.isEmpty)
    }

    @Test func aPageReceivesTaskChangesFromTheBroker() async throws {
        let broker = try MosquittoServer()
        try await broker.start()
        let page = WebSocketSubscriber(port: broker.webSocketPort, topic: "task/status/+")
        try await eventually("the page has subscribed") { page.isSubscribed || page.failure != nil }
        #expect(page.failure == nil)
        let server = try await ServerProcess(
            in: try ServerFolder(), ["--mqtt-broker", "tcp://127.0.0.1:\(broker.port)"])
        let task = try await API(server).submit()
        try await eventually("the page sees it succeed") {
            try PublishedSteps(page.messages.map(\.payload)).versions[task.id]?.last == 3
        }
        #expect(try PublishedSteps(page.messages.map(\.payload)).versions == [task.id: [1, 2, 3]])
        #expect(page.messages.allSatisfy { $0.topic == "task/status/\(task.id)" })
    }

    @Test func theBrokerReportsAKilledNode() async throws {
        let broker = try MosquittoServer()
        try await broker.start()
        let watch = try await broker.subscribe(to: "task/notifier/+", name: "watch")
        let server = try await ServerProcess(
            in: try ServerFolder(), ["--mqtt-broker", "tcp://127.0.0.1:\(broker.port)"])
        try await eventually("the node is reported online") {
            watch.messages.map(\.payload).last?.hasPrefix(#"{"status":"online","#) == true
        }
        try await server.kill9()
        try await eventually("the broker reports it offline") {
            watch.messages.map(\.payload).last?.hasPrefix(#"{"status":"offline","#) == true
        }
        #expect(Set(watch.messages.map(\.topic)).count == 1)
    }
}

#endif
