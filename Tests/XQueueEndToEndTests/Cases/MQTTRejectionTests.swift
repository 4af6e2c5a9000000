#if MQTT

import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// How the program handles a message that its broker rejects.
@Suite(.timeLimit(.minutes(5))) struct MQTTRejectionTests {
    @Test("A message the broker rejects is reported and blocks no other", arguments: ["3.1.1", "5"])
    func putAside(_ version: String) async throws {
        let broker = try MosquittoServer(options: ["max_packet_size 2000"])
        try await broker.start()
        let subscriber = try await broker.subscribe(to: "task/#", name: "all")
        let server = try await ServerProcess(
            in: try ServerFolder(),
            ["--mqtt-broker", "tcp://127.0.0.1:\(broker.port)", "--mqtt-version", version])
        let api = API(server)
        let failing = try await api.submit("far", "{}", #""max_retry":0"#)
        try await fail(failing.id, String(repeating: "long ", count: 1000), api)
        let later = try await api.submit("example", #"{"duration_ms":100,"steps":1}"#)
        try await eventually("a later task is published") {
            subscriber.messages.contains {
                $0.topic == "task/status/\(later.id)" && $0.payload.contains(#""status":"success""#)
            }
        }
        try await api.nothingIsLeft()
        let sink = try await api.sink()
        #expect(sink.refused == 2)
        #expect(sink.error == nil)
        #expect(sink.connected == true)
        let health = try await api.send("GET", "/health")
        #expect(health.status == 200)
        let told = #""sinks":[{"status":"ok","name":"mqtt","refused":2,"last_refused":{"topic":"task/status/"#
        #expect(health.text.contains(told))
        let lines = server.output.split(separator: "\n").filter {
            $0.contains("Message rejected by sink")
        }
        #expect(lines.count == 2)
        #expect(lines.contains { $0.contains("task/status/\(failing.id)") })
        let (metrics, _) = try await URLSession.shared.data(from: server.address.appending(path: "metrics"))
        #expect(
            String(decoding: metrics, as: UTF8.self)
                .contains(#"xqueue_sink_refused_messages_total{sink="mqtt"} 2"#))
        // The store keeps the whole error.
        #expect(try await api.task(failing.id).error?.utf8.count ?? 0 > 4000)
        let progress = subscriber.messages.first { $0.topic == "task/progress/\(later.id)" }
        #expect(progress?.payload.contains(#""progress":100,"message":"step 1 of 1","timestamp""#) == true)
    }

    @Test("An unreachable broker is shown by health, which stays healthy") func away() async throws {
        let broker = try MosquittoServer()
        let server = try await ServerProcess(
            in: try ServerFolder(), ["--mqtt-broker", "tcp://127.0.0.1:\(broker.port)"])
        let api = API(server)
        try await eventually("health reports it") {
            let health = try await api.send("GET", "/health")
            #expect(health.status == 200)
            return health.text.contains(#""sinks":[{"status":"unavailable","name":"mqtt","error":"#)
        }
        #expect(try await api.sink().error != nil)
        try await broker.start()
        _ = try await api.submit()
        try await eventually("health reports that it is back") {
            try await api.send("GET", "/health").text.contains(#""sinks":[{"status":"ok","name":"mqtt""#)
        }
        #expect(try await api.sink().error == nil)
    }

    /// Claims the task as a remote worker and reports a failure.
    private func fail(_ id: TaskID, _ error: String, _ api: API) async throws {
        let reply = try await api.send("POST", "/leases", #"{"worker":"far","types":["far"],"wait":30}"#)
        let lease = try #require(try reply.decoded(LeaseBatch.self).leases.first).lease
        let end = try await api.send("POST", "/leases/\(lease)/fail", #"{"error":"\#(error)"}"#)
        try #require(end.status == 200, "\(end.text)")
    }
}

#endif
