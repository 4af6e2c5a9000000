#if MQTT

import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

/// How the program handles a broker that is unreachable, is killed or rejects it.
@Suite(.timeLimit(.minutes(5))) struct MQTTTroubleTests {
    @Test func aBrokerUnreachableAtFirstGetsEverythingLater() async throws {
        let broker = try MosquittoServer()
        let folder = try ServerFolder()
        let server = try await ServerProcess(
            in: folder, ["--mqtt-broker", "tcp://127.0.0.1:\(broker.port)", "--mqtt-version", "5"])
        let api = API(server)
        try await api.submitMany(2000)
        try await api.allEnd()
        #expect(try await api.sink().lag == 6000)
        // It is logged once.
        #expect(server.output.components(separatedBy: "Could not deliver events to sink").count == 2)
        try await broker.start()
        let subscriber = try await broker.subscribe(to: "task/status/+", name: "steps")
        // Earlier messages had no subscriber; these have one.
        try await api.submitMany(1000)
        try await api.allEnd()
        try await eventually("the new ones are published") {
            try PublishedSteps(subscriber.messages.map(\.payload)).whole >= 1000
        }
        try await api.nothingIsLeft()
        let sink = try await api.sink()
        #expect(sink.delivered == 9000)
        #expect(sink.lost == 0)
        #expect(server.output.contains("Delivering events to sink again"))
    }

    @Test func nothingIsMissingWhenNodeAndBrokerAreKilled() async throws {
        let broker = try MosquittoServer()
        try await broker.start()
        // The node connects through the proxy, so that after a kill the subscriber can connect first.
        let proxy = try await TCPProxy.start(to: broker.port)
        var subscribers = [try await broker.subscribe(to: "task/status/+", name: "steps-0", quality: 0)]
        let folder = try ServerFolder()
        let flags = ["--mqtt-broker", "tcp://127.0.0.1:\(proxy.port)", "--queue-heartbeat-interval", "1s"]
        var server = try await ServerProcess(in: folder, flags)
        for round in 1...6 {
            try await API(server).submitMany(500)
            let enough = round * 300
            try await eventually("some are published") {
                subscribers.reduce(0) { $0 + $1.messages.count } >= enough
            }
            switch round {
            case 2, 5:
                try await server.kill9()
                server = try await ServerProcess(in: folder, flags)
            case 3, 6:
                try await broker.kill()
                proxy.setRefusing(true)
                try await broker.start()
                subscribers.append(
                    try await broker.subscribe(to: "task/status/+", name: "steps-\(round)", quality: 0))
                proxy.setRefusing(false)
            default: break
            }
        }
        try await API(server).allEnd()
        // Each was subscribed until its broker was killed, and the next one before the node reconnected.
        func steps() throws -> PublishedSteps {
            try PublishedSteps(subscribers.flatMap { $0.messagesOfFirstConnection.map(\.payload) })
        }
        try await eventually("every task's end is published") {
            try steps().whole == 3000
        }
        #expect(try steps().broken.isEmpty)
    }

    @Test func anUnresponsiveBrokerBlocksNoTask() async throws {
        let broker = try MosquittoServer()
        try await broker.start()
        let subscriber = try await broker.subscribe(to: "task/status/+", name: "steps")
        let server = try await ServerProcess(
            in: try ServerFolder(), ["--mqtt-broker", "tcp://127.0.0.1:\(broker.port)"])
        let api = API(server)
        try await eventually("the sink is open") { try await api.sink().connected == true }
        broker.pause()
        try await api.submitMany(2000)
        try await api.allEnd()
        #expect(try await api.sink().lag == 6000)
        broker.resume()
        try await api.nothingIsLeft()
        try await eventually("every task's end is published") {
            try PublishedSteps(subscriber.messages.map(\.payload)).whole == 2000
        }
        #expect(try PublishedSteps(subscriber.messages.map(\.payload)).broken.isEmpty)
    }

    @Test func eventsDroppedWhileTheBrokerIsAwayAreCountedAndLogged() async throws {
        let broker = try MosquittoServer()
        let server = try await ServerProcess(
            in: try ServerFolder(),
            ["--mqtt-broker", "tcp://127.0.0.1:\(broker.port)", "--events-max-count", "1000"])
        let api = API(server)
        try await api.submitMany(2000)
        try await api.allEnd()
        try await broker.start()
        let subscriber = try await broker.subscribe(to: "task/status/+", name: "steps")
        try await api.nothingIsLeft()
        let sink = try await api.sink()
        #expect(sink.lost > 4000)
        #expect(sink.lost + sink.delivered == 6000)
        let told = server.output.split(separator: "\n").filter { $0.contains("Events lost") }
        #expect(told.contains { $0.contains(#""count":"\#(sink.lost)""#) }, "\(told)")

        let task = try await api.submit()
        try await eventually("delivery continues") {
            try PublishedSteps(subscriber.messages.map(\.payload)).versions[task.id] == [1, 2, 3]
        }
        #expect(try await api.sink().lost == sink.lost)
    }

    @Test func aWrongPasswordIsReportedButNotShownAndTasksRun() async throws {
        let broker = try MosquittoServer(login: ("somebody", "right-secret"))
        try await broker.start()
        let server = try await ServerProcess(
            in: try ServerFolder(),
            [
                "--mqtt-broker", "tcp://127.0.0.1:\(broker.port)", "--mqtt-username", "somebody",
                "--mqtt-password", "wrong-secret",
            ])
        let api = API(server)
        try await eventually("it is rejected") { server.output.contains("the broker refused the connection") }
        #expect(try await api.end(of: api.submit().id).status == .success)
        #expect(try await api.sink().connected == false)
        #expect(!server.output.contains("wrong-secret"))
    }

    @Test func anInvalidSettingPreventsTheStart() async throws {
        for flags in [
            ["--mqtt-broker", "http://localhost"],
            ["--mqtt-broker", "tcp://localhost", "--mqtt-topic", "a/#"],
            ["--mqtt-broker", "mqtts://localhost", "--mqtt-ca-file", "/missing.pem"],
        ] {
            let program = try RunningProgram(
                ["serve", "--server-port", "0"] + flags, in: try ServerFolder(), name: "bad")
            #expect(try await program.exitStatus() == 78)
            #expect(program.output.contains("mqtt"), "\(program.output)")
        }
    }
}

#endif
