#if MQTT

import Foundation
import Testing
import XQueueTestServers
import XQueueTesting

/// The program publishes to a real broker, whatever ends in between.
@Suite(.timeLimit(.minutes(5))) struct MQTTTests {
    private struct Published: Decodable {
        var task_id: String
        var type: String
        var status: String
        var version: Int
        var retry_count: Int
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
        let reply: TaskReply = try await API(server).send(
            "POST", "/tasks", #"{"type":"example","payload":{"duration_ms":300,"steps":2}}"#
        ).decoded()
        try await eventually(within: .seconds(30), "the success is published") {
            subscriber.messages.contains { $0.topic == "task/status/status/success" }
        }
        let messages = subscriber.messages
        let steps = ["pending", "processing", "success"]
        for topic in ["task/status/\(reply.id)"] + steps.map({ "task/status/status/\($0)" }) {
            let told = try messages.filter { $0.topic == topic }.map {
                try JSONDecoder().decode(Published.self, from: Data($0.payload.utf8))
            }
            #expect(told.allSatisfy { $0.task_id == reply.id && $0.type == "example" }, "\(topic)")
            let expected = topic.hasSuffix(reply.id) ? steps : steps.filter { topic.hasSuffix($0) }
            #expect(told.map(\.status) == expected)
        }
        #expect(messages.contains { $0.topic == "task/progress/\(reply.id)" })
        #expect(
            messages.contains { $0.topic.hasPrefix("task/notifier/") && $0.payload.contains("\"online\"") })
    }

    @Test func nothingIsMissingWhenNodeAndBrokerEndInTheMiddle() async throws {
        let broker = try MosquittoServer()
        try await broker.start()
        let subscriber = try await broker.subscribe(to: "task/status/+", name: "steps")
        let folder = try ServerFolder()
        let flags = ["--mqtt-broker", "tcp://127.0.0.1:\(broker.port)"]
        var server = try await ServerProcess(in: folder, flags)
        let batch =
            #"{"tasks":["#
            + Array(repeating: #"{"type":"example","payload":{"fail_times":0}}"#, count: 200)
            .joined(separator: ",") + "]}"
        for round in 0..<6 {
            _ = try await API(server).send("POST", "/tasks/batch", batch)
            switch round {
            case 1, 4:
                try await server.kill9()
                server = try await ServerProcess(in: folder, flags)
            case 2: try await broker.stop()
            case 3: try await broker.start()
            default: break
            }
        }
        let api = API(server)
        try await eventually(within: .seconds(60), "all tasks have ended") {
            let stats = try await api.stats()
            return stats.pending + stats.processing == 0
        }
        let tasks = try await api.allTasks()
        #expect(tasks.count == 1200)
        var told: [String: [Published]] = [:]
        try await eventually(within: .seconds(60), "every task's end is published") {
            told = [:]
            for message in subscriber.messages {
                guard let step = try? JSONDecoder().decode(Published.self, from: Data(message.payload.utf8))
                else { continue }
                told[step.task_id, default: []].append(step)
            }
            return tasks.allSatisfy { told[$0.id]?.last?.status == "success" }
        }
        for task in tasks {
            let versions = told[task.id, default: []].map(\.version)
            #expect(Set(versions) == Set(1...(versions.max() ?? 1)), "\(task.id): \(versions)")
            // A new step comes after all before it; what is sent again begins anew from an older one.
            var highest = 0
            for version in versions {
                #expect(version <= highest + 1, "\(task.id): \(versions)")
                highest = max(highest, version)
            }
        }
    }
}

#endif
