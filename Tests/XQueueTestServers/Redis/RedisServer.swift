import Foundation
import Synchronization

/// A real `redis-server` of a test's own, on the loopback interface. It ends with this object.
package final class RedisServer: Sendable {
    package let port: Int
    /// Where it speaks TLS, if the options say that it does.
    package let tlsPort: Int?
    /// The socket file, if the options ask for one.
    package let socketFile: String?
    package let options: RedisOptions
    let folder: ServerFolder
    /// Nil between its end and the next start.
    private let program = Mutex<RunningProgram?>(nil)

    /// Starts a server and waits until it answers.
    ///
    /// - Parameters:
    ///   - options: How it is set up.
    ///   - parent: Where its folder is made; nil for the system's place for such.
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

    /// `redis.addr` for this server.
    package var address: String { "127.0.0.1:\(port)" }

    /// What the server logged, for messages.
    package var said: String { folder.read("redis.log") }

    // MARK: - Life

    /// Starts it again, on the same port and with what it has on disk; only after its end.
    package func start() async throws {
        let next = try RunningProgram(
            program: URL(filePath: try ProgramFile.installed("redis-server")), ["redis.conf"], in: folder,
            name: "redis")
        program.withLock { $0 = next }
        try await waiting(for: "the Redis server answers") {
            guard next.isRunning else { throw ProgramEnded(said: next.said) }
            return (try? await command("PING"))?.text == "PONG"
        }
    }

    /// Ends it in an orderly way, and waits.
    package func stop() async throws {
        try await end(SIGTERM)
    }

    /// Ends it as a power cut would, and waits.
    package func kill() async throws {
        try await end(SIGKILL)
    }

    /// Stops it in an orderly way and starts it again.
    package func restart() async throws {
        try await stop()
        try await start()
    }

    /// It keeps its connections and answers nothing until ``resume()``.
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

    /// Sends one command as the default user, on a connection of its own.
    ///
    /// - Throws: An error that says why, if the server is not there or refuses.
    @discardableResult
    package func command(_ words: String...) async throws -> RedisAnswer {
        try await run(words)
    }

    /// Sends one command whose words are in a list.
    @discardableResult
    package func run(_ words: [String]) async throws -> RedisAnswer {
        try await RedisCall(port: port, password: options.password).run(words)
    }

    /// A field of `INFO`.
    package func info(_ field: String) async throws -> String? {
        let text = try await command("INFO").text ?? ""
        let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix(field + ":") }
        return line.map { String($0.dropFirst(field.count + 1)) }
    }
}

/// A program that a test needs has ended too early.
package struct ProgramEnded: Error, CustomStringConvertible {
    package let said: String

    package init(said: String) {
        self.said = said
    }

    package var description: String { "the program has ended; it said:\n\(said)" }
}
