import Foundation
import Synchronization

/// A real `mosquitto` on the loopback interface, which ends with this object.
package final class MosquittoServer: Sendable {
    package let port: Int
    /// Port for MQTT over WebSocket.
    package let webSocketPort: Int
    /// Ports that require TLS and a client certificate, plain and over WebSocket; only with TLS files.
    package let tlsPort: Int
    package let tlsWebSocketPort: Int
    let folder: ServerFolder
    let login: (name: String, password: String)?
    private let isForSpeed: Bool
    private let program = Mutex<RunningProgram?>(nil)

    /// Creates a broker without starting it. It persists sessions when it is stopped gracefully.
    ///
    /// - Parameters:
    ///   - login: The only user; nil allows anonymous clients.
    ///   - tls: Opens two more ports.
    ///   - options: Further configuration lines.
    ///   - access: Rules for anonymous clients, as in the ACL file; nil for no restrictions.
    ///   - isForSpeed: Whether to disable logging and persistence, for benchmarks.
    package init(
        login: (name: String, password: String)? = nil, tls: TLSFiles? = nil, options: [String] = [],
        access: String? = nil, isForSpeed: Bool = false
    ) throws {
        folder = try ServerFolder()
        self.login = login
        self.isForSpeed = isForSpeed
        port = try FreePort.next()
        webSocketPort = try FreePort.next()
        tlsPort = try FreePort.next()
        tlsWebSocketPort = try FreePort.next()
        var lines = [
            "listener \(port) 127.0.0.1", "listener \(webSocketPort) 127.0.0.1", "protocol websockets",
        ]
        if let tls {
            let files = [
                "cafile \(tls.authority)", "certfile \(tls.certificate)", "keyfile \(tls.key)",
                "require_certificate true",
            ]
            lines += ["listener \(tlsPort) 127.0.0.1"] + files
            lines += ["listener \(tlsWebSocketPort) 127.0.0.1", "protocol websockets"] + files
        }
        lines += [
            "allow_anonymous \(login == nil)", "persistence \(!isForSpeed)",
            "persistence_location \(folder.path)/",
            "max_queued_messages 0", "max_inflight_messages 0", "user root",
        ]
        if isForSpeed { lines.append("log_type error") }
        lines += options
        if let access {
            try folder.write("access", access)
            lines.append("acl_file \(folder.path)/access")
        }
        if login != nil { lines.append("password_file \(folder.path)/users") }
        try folder.write("mosquitto.conf", lines.joined(separator: "\n") + "\n")
    }

    /// Starts the broker and waits until it accepts connections.
    package func start() async throws {
        if let login { try await writePassword(login) }
        let next = try RunningProgram(
            program: URL(filePath: try ProgramFile.installed("mosquitto")),
            (isForSpeed ? [] : ["-v"]) + ["-c", "mosquitto.conf"],
            in: folder, name: "mosquitto-\(folder.nextNumber())")
        program.withLock { $0 = next }
        try await waiting(for: "mosquitto listens") {
            guard next.isRunning else { throw ProgramEnded(output: next.output) }
            return isForSpeed ? LoopbackSocket().connect(port) : next.output.contains("running")
        }
    }

    private func writePassword(_ login: (name: String, password: String)) async throws {
        try folder.write("users", "")
        let program = try RunningProgram(
            program: URL(filePath: try ProgramFile.installed("mosquitto_passwd")),
            ["-b", "users", login.name, login.password], in: folder, name: "passwd")
        guard try await program.exitStatus() == 0 else { throw ProgramEnded(output: program.output) }
    }

    /// Stops the broker gracefully and waits for its end.
    package func stop() async throws {
        try await end(SIGTERM)
    }

    /// Kills the broker, like a power failure, and waits for its end.
    package func kill() async throws {
        try await end(SIGKILL)
    }

    /// Suspends the broker: connections stay open without replies until ``resume()``.
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
}
