#if Redis

import Synchronization
import XQueueCore

/// Runs the scripts of one queue. Sends a script again if the server has lost it.
final class ScriptRunner: Sendable {
    /// The hash tag that begins all keys of the queue.
    let tag: String
    private let client: RedisClient
    private let texts: [RedisScript: String]
    private let digests = Mutex<[RedisScript: String]>([:])
    /// For tests: alters replies, as a fault in transit could.
    private let alter: Alteration?

    typealias Alteration = @Sendable (RedisScript, RedisReply) -> RedisReply

    /// - Parameters:
    ///   - client: Sends the commands.
    ///   - texts: The scripts.
    ///   - alter: For tests: alters the replies of scripts.
    /// - Throws: ``RedisError`` if the prefix is not valid in a hash tag, or a script is invalid.
    init(
        client: RedisClient, texts: Result<[RedisScript: String], RedisError> = ScriptText.all,
        alter: Alteration? = nil
    ) throws(RedisError) {
        let keyPrefix = client.configuration.keyPrefix
        guard !keyPrefix.isEmpty, !keyPrefix.contains(where: { "{} ".contains($0) }) else {
            throw RedisError(
                .unsuitable, "the key prefix '\(keyPrefix)' must not be empty or contain braces or spaces")
        }
        self.client = client
        self.alter = alter
        tag = client.configuration.hashTag
        self.texts = try texts.get()
    }

    /// Loads all scripts into the server.
    func load() async throws(RedisError) {
        for script in RedisScript.allCases { _ = try await load(script) }
    }

    /// Runs a script.
    ///
    /// - Throws: ``RedisError``; of kind `errorReply` for an error reply.
    func run(
        _ script: RedisScript, capacity: Int = 256, _ arguments: (inout RedisCommand) -> Void
    ) async throws(RedisError) -> RedisReply {
        let reply = try await reply(script, capacity, arguments)
        return alter?(script, reply) ?? reply
    }

    private func reply(
        _ script: RedisScript, _ capacity: Int, _ arguments: (inout RedisCommand) -> Void
    ) async throws(RedisError) -> RedisReply {
        let digest =
            if let known = digests.withLock({ $0[script] }) { known } else { try await load(script) }
        let command = command("EVALSHA", digest, capacity: capacity, arguments)
        do throws(RedisError) {
            return try await client.send(command)
        } catch {
            guard case .errorReply("NOSCRIPT") = error.kind else { throw error }
        }
        // The server was restarted or its scripts were flushed. Nothing was executed.
        let text = try ScriptText.text(of: script, in: texts)
        return try await client.send(self.command("EVAL", text, capacity: capacity, arguments))
    }

    /// Returns the time of the server's clock.
    func time() async throws(RedisError) -> Timestamp {
        let reply = try await client.send(RedisCommand("TIME"))
        guard case .array(let parts) = reply, parts.count == 2, let seconds = parts[0].number,
            let microseconds = parts[1].number, 0...253_402_300_799 ~= seconds, 0..<1_000_000 ~= microseconds
        else { throw RedisError(.unsuitable, "unexpected reply from Redis to TIME") }
        return Timestamp(milliseconds: seconds * 1000 + microseconds / 1000)
    }

    private func command(
        _ name: String, _ script: String, capacity: Int, _ arguments: (inout RedisCommand) -> Void
    ) -> RedisCommand {
        var command = RedisCommand(name, capacity: capacity + script.utf8.count + 64)
        command.append(script)
        command.append(1)
        command.append(tag)
        arguments(&command)
        return command
    }

    private func load(_ script: RedisScript) async throws(RedisError) -> String {
        let text = try ScriptText.text(of: script, in: texts)
        let reply = try await client.send(RedisCommand("SCRIPT", "LOAD", text))
        guard case .bytes(let bytes) = reply else {
            throw RedisError(
                .unsuitable, "unexpected reply from Redis to SCRIPT LOAD of \(script.rawValue): \(reply)")
        }
        let digest = String(decoding: bytes, as: UTF8.self)
        digests.withLock { $0[script] = digest }
        return digest
    }
}

extension RedisReply {
    /// The value of a string that is a number; otherwise nil.
    fileprivate var number: Int64? {
        guard case .bytes(let bytes) = self else { return nil }
        return Int64(String(decoding: bytes, as: UTF8.self))
    }
}

#endif
