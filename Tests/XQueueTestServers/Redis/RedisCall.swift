import Foundation

/// A command to a Redis server, on a new connection.
struct RedisCall: Sendable {
    var port: Int
    var password: String?
    /// Timeout of the reply.
    var seconds = 30

    /// - Throws: ``Failure`` if the server is unreachable, takes too long or replies with an error.
    func run(_ words: [String]) async throws -> RedisCommandReply {
        let replies = try await withCheckedThrowingContinuation { continuation in
            // The calls block, which is not allowed on Swift Concurrency's threads.
            DispatchQueue.global().async {
                continuation.resume(with: Result { try exchange(words) })
            }
        }
        for reply in replies {
            if case .error(let text) = reply { throw Failure(command: words, reason: text) }
        }
        return replies.last ?? .none
    }

    private func exchange(_ words: [String]) throws -> [RedisCommandReply] {
        let commands = (password.map { [["AUTH", $0]] } ?? []) + [words]
        let socket = LoopbackSocket()
        socket.limit(seconds: seconds)
        guard socket.connect(port), socket.write(commands.flatMap(Self.encoded)) else {
            throw Failure(command: words, reason: "no connection to port \(port)")
        }
        var replies: [RedisCommandReply] = []
        var bytes: [UInt8] = []
        while replies.count < commands.count {
            guard let more = socket.read() else { throw Failure(command: words, reason: "no reply") }
            bytes += more
            while let (reply, rest) = RedisCommandReply.read(bytes[...]) {
                replies.append(reply)
                bytes = Array(rest)
            }
        }
        return replies
    }

    private static func encoded(_ words: [String]) -> [UInt8] {
        Array(("*\(words.count)\r\n" + words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()).utf8)
    }

    struct Failure: Error, CustomStringConvertible {
        var command: [String]
        var reason: String

        var description: String { "\(command.joined(separator: " ")): \(reason)" }
    }
}
