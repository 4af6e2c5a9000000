import Foundation
import Synchronization

/// A real `redis-server` on the loopback interface, which ends with this object.
package final class RedisServer: Sendable {
    package let port: Int
    /// TLS port, if enabled in the options.
    package let tlsPort: Int?
    /// Path of the Unix socket, if enabled in the options.
    package let socketFile: String?
    package let options: RedisOptions
    let folder: ServerFolder
    /// Nil while the server is not running.
    private let program = Mutex<RunningProgram?>(nil)

    /// Starts a server and waits until it replies.
    ///
    /// - Parameters:
    ///   - options: The server's options.
    ///   - parent: Folder to create its folder in; nil for the system's temporary folder.
    /// - Throws: ``ProgramFile/Missing`` if Redis is not installed, ``ProgramEnded`` if it does not start.
    package static func start(
        _ options: RedisOptions = RedisOptions(), in parent: String? = nil
    ) async throws -> RedisServer {
        let server = try RedisServer(options, in: parent)
        try await server.start()
        return server
    }

    private init(_ options: RedisOptions, in parent: String?) throws {
        self.options = options
        folder = try ServerFolder(in: parent)
        port = try FreePort.next()
        tlsPort = try options.tls.map { _ in try FreePort.next() }
        socketFile = options.hasSocketFile ? folder.path + "/redis.sock" : nil
        let file = options.file(port: port, tlsPort: tlsPort, socketFile: socketFile, folder: folder.path)
        try folder.write("redis.conf", file)
    }

    /// The value of `redis.addr` for this server.
    package var address: String { "127.0.0.1:\(port)" }

    /// The server's log.
    package var output: String { folder.read("redis.log") }

    // MARK: - Lifecycle

    /// Starts the stopped server again, on the same port and with its persisted data.
    package func start() async throws {
        let next = try RunningProgram(
            program: URL(filePath: try ProgramFile.installed("redis-server")), ["redis.conf"], in: folder,
            name: "redis")
        program.withLock { $0 = next }
        try await waiting(for: "the Redis server answers") {
            guard next.isRunning else { throw ProgramEnded(output: next.output) }
            return (try? await command("PING"))?.text == "PONG"
        }
    }

    /// Stops the server gracefully and waits for its end.
    package func stop() async throws {
        try await end(SIGTERM)
    }

    /// Kills the server, like a power failure, and waits for its end.
    package func kill() async throws {
        try await end(SIGKILL)
    }

    /// Stops the server gracefully and starts it again.
    package func restart() async throws {
        try await stop()
        try await start()
    }

    /// Suspends the server: connections stay open without replies until ``resume()``.
    package func pause() {
        program.withLock { $0 }?.pause()
    }

    package func resume() {
        program.withLock { $0 }?.resume()
    }

    private func end(_ signal: Int32) async throws {
        guard let program = program.withLock({ $0 }) else { return }
        program.send(signal)
        _ = try await program.exitStatus()
        self.program.withLock { $0 = nil }
    }

    // MARK: - Commands

    /// Sends a command as the default user, on a new connection.
    ///
    /// - Throws: An error if the server is unreachable or rejects the command.
    @discardableResult
    package func command(_ words: String...) async throws -> RedisCommandReply {
        try await run(words)
    }

    /// Sends a command given as an array of words.
    @discardableResult
    package func run(_ words: [String]) async throws -> RedisCommandReply {
        try await RedisCall(port: port, password: options.password).run(words)
    }

    /// Returns a field of `INFO`.
    package func info(_ field: String) async throws -> String? {
        let text = try await command("INFO").text ?? ""
        let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix(field + ":") }
        return line.map { String($0.dropFirst(field.count + 1)) }
    }
}

/// A program that a test needs exited too early.
package struct ProgramEnded: Error, CustomStringConvertible {
    package let output: String

    package init(output: String) {
        self.output = output
    }

    package var description: String { "the program exited; its output:\n\(output)" }
}
