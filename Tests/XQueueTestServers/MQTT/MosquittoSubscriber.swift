import Foundation

/// A `mosquitto_sub` that runs. It ends with the last copy of this value.
package struct MosquittoSubscriber: Sendable {
    /// One message it got.
    package struct Message: Sendable, Hashable {
        package var topic: String
        package var payload: String
        package var qualityOfService: Int
        /// Whether it was kept by the broker from before the subscription.
        package var isRetained: Bool
    }

    let program: RunningProgram

    package var messages: [Message] { lines.compactMap(message) }

    /// What it got before it first lost the broker. After that it has missed what came while it was away.
    package var messagesOfFirstConnection: [Message] {
        var connections = 0
        return lines.prefix { line in
            if line.hasSuffix(" sending CONNECT") { connections += 1 }
            return connections < 2
        }.compactMap(message)
    }

    private var lines: [Substring] { program.said.split(separator: "\n") }

    private func message(of line: Substring) -> Message? {
        let words = line.split(separator: " ", maxSplits: 4)
        guard words.count == 5, words[0] == "message", let quality = Int(words[2]) else { return nil }
        return Message(
            topic: String(words[1]), payload: String(words[4]), qualityOfService: quality,
            isRetained: words[3] == "1")
    }

    package func payloads(of topic: String) -> [String] {
        messages.filter { $0.topic == topic }.map(\.payload)
    }
}

extension MosquittoServer {
    /// Subscribes with a session that outlives connections, and waits until the broker has agreed.
    ///
    /// - Parameter quality: With 0 the subscriber never answers, so that everything a broker wrote before it
    ///   was killed arrives.
    package func subscribe(
        to topic: String, name: String, quality: Int = 1
    ) async throws -> MosquittoSubscriber {
        let user = login.map { ["-u", $0.name, "-P", $0.password] } ?? []
        // Line by line, or what it says stays in its buffer.
        let subscriber = try RunningProgram(
            program: URL(filePath: try ProgramFile.installed("stdbuf")),
            [
                "-oL", try ProgramFile.installed("mosquitto_sub"), "-p", "\(port)", "-d", "-c", "-i", name,
                "-q", "\(quality)", "-t", topic, "-F", "message %t %q %r %p",
            ] + user,
            in: folder, name: name)
        try await waiting(for: "the subscription is there") {
            guard subscriber.isRunning else { throw ProgramEnded(said: subscriber.said) }
            return subscriber.said.contains("SUBACK")
        }
        return MosquittoSubscriber(program: subscriber)
    }
}
