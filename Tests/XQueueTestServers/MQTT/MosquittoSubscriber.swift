import Foundation

/// A running `mosquitto_sub`, which ends with the last copy of this value.
package struct MosquittoSubscriber: Sendable {
    /// A received message.
    package struct Message: Sendable, Hashable {
        package var topic: String
        package var payload: String
        package var qualityOfService: Int
        /// Whether the broker had retained the message before the subscription.
        package var isRetained: Bool
    }

    let program: RunningProgram

    package var messages: [Message] { lines.compactMap(message) }

    /// Messages received before the first connection loss; later ones may have gaps.
    package var messagesOfFirstConnection: [Message] {
        var connections = 0
        return lines.prefix { line in
            if line.hasSuffix(" sending CONNECT") { connections += 1 }
            return connections < 2
        }.compactMap(message)
    }

    private var lines: [Substring] { program.output.split(separator: "\n") }

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
    /// - Parameter quality: With 0 the subscriber sends no acknowledgements, so everything the broker wrote before it was
    ///   killed arrives.
    package func subscribe(
        to topic: String, name: String, quality: Int = 1
    ) async throws -> MosquittoSubscriber {
        let user = login.map { ["-u", $0.name, "-P", $0.password] } ?? []
        // Line-buffered, or its output stays in its buffer.
        let subscriber = try RunningProgram(
            program: URL(filePath: try ProgramFile.installed("stdbuf")),
            [
                "-oL", try ProgramFile.installed("mosquitto_sub"), "-p", "\(port)", "-d", "-c", "-i", name,
                "-q", "\(quality)", "-t", topic, "-F", "message %t %q %r %p",
            ] + user,
            in: folder, name: name)
        try await waiting(for: "the subscription is there") {
            guard subscriber.isRunning else { throw ProgramEnded(output: subscriber.output) }
            return subscriber.output.contains("SUBACK")
        }
        return MosquittoSubscriber(program: subscriber)
    }
}
