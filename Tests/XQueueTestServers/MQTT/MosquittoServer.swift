import Foundation
import Synchronization
import Testing
import XQueueTesting

/// A real `mosquitto` of a test's own, on the loopback interface. It ends with this object.
package final class MosquittoServer: Sendable {
    package let port: Int
    /// Where it speaks MQTT over WebSocket.
    package let webSocketPort: Int
    private let folder: ServerFolder
    private let program = Mutex<RunningProgram?>(nil)

    /// Makes a broker that is not running yet: it keeps sessions on disk over an orderly end.
    package init() throws {
        folder = try ServerFolder()
        port = try FreePort.next()
        webSocketPort = try FreePort.next()
        try folder.write(
            "mosquitto.conf",
            """
            listener \(port) 127.0.0.1
            listener \(webSocketPort) 127.0.0.1
            protocol websockets
            allow_anonymous true
            persistence true
            persistence_location \(folder.path)/
            max_queued_messages 0
            user root

            """)
    }

    /// Starts it, and waits until it takes connections.
    package func start() async throws {
        let next = try RunningProgram(
            program: URL(filePath: try ProgramFile.installed("mosquitto")), ["-v", "-c", "mosquitto.conf"],
            in: folder, name: "mosquitto-\(folder.nextNumber())")
        program.withLock { $0 = next }
        try await eventually("mosquitto listens") {
            guard next.isRunning else { throw ProgramEnded(said: next.said) }
            return next.said.contains("running")
        }
    }

    /// Ends it in an orderly way, and waits.
    package func stop() async throws {
        guard let program = program.withLock({ $0 }) else { return }
        program.send(SIGTERM)
        _ = try await program.exitStatus()
        self.program.withLock { $0 = nil }
    }

    /// Subscribes with a session that outlives connections, and waits until the broker has agreed.
    package func subscribe(to topic: String, name: String) async throws -> MosquittoSubscriber {
        // Line by line, or what it says stays in its buffer.
        let subscriber = try RunningProgram(
            program: URL(filePath: try ProgramFile.installed("stdbuf")),
            [
                "-oL", try ProgramFile.installed("mosquitto_sub"), "-p", "\(port)", "-d", "-c", "-i", name,
                "-q", "1", "-t", topic, "-F", "message %t %p",
            ],
            in: folder, name: name)
        try await eventually("the subscription is there") {
            guard subscriber.isRunning else { throw ProgramEnded(said: subscriber.said) }
            return subscriber.said.contains("SUBACK")
        }
        return MosquittoSubscriber(program: subscriber)
    }
}

/// A `mosquitto_sub` that runs.
package struct MosquittoSubscriber: Sendable {
    let program: RunningProgram

    /// Topic and payload of each message so far.
    package var messages: [(topic: String, payload: String)] {
        program.said.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ", maxSplits: 2)
            guard words.count == 3, words[0] == "message" else { return nil }
            return (String(words[1]), String(words[2]))
        }
    }
}
