import Foundation
import Synchronization

/// A real `mosquitto` of a test's own, on the loopback interface. It ends with this object.
package final class MosquittoServer: Sendable {
    package let port: Int
    /// Where it speaks MQTT over WebSocket.
    package let webSocketPort: Int
    /// Where it asks for TLS and a client's certificate, plain and over WebSocket, if it was given files.
    package let tlsPort: Int
    package let tlsWebSocketPort: Int
    let folder: ServerFolder
    let login: (name: String, password: String)?
    private let isForSpeed: Bool
    private let program = Mutex<RunningProgram?>(nil)

    /// Makes a broker that is not running yet: it keeps sessions on disk over an orderly end.
    ///
    /// - Parameters:
    ///   - login: The only user; nil lets everybody in.
    ///   - tls: Opens two more ports.
    ///   - options: Further lines of its configuration.
    ///   - access: What whoever has no name may read and write, as in its file of access rules; nil for everything.
    ///   - isForSpeed: Whether it says nothing and keeps nothing, as a benchmark wants it.
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

    /// Starts it, and waits until it takes connections.
    package func start() async throws {
        if let login { try await writePassword(login) }
        let next = try RunningProgram(
            program: URL(filePath: try ProgramFile.installed("mosquitto")),
            (isForSpeed ? [] : ["-v"]) + ["-c", "mosquitto.conf"],
            in: folder, name: "mosquitto-\(folder.nextNumber())")
        program.withLock { $0 = next }
        try await waiting(for: "mosquitto listens") {
            guard next.isRunning else { throw ProgramEnded(said: next.said) }
            return isForSpeed ? LoopbackSocket().connect(port) : next.said.contains("running")
        }
    }

    private func writePassword(_ login: (name: String, password: String)) async throws {
        try folder.write("users", "")
        let program = try RunningProgram(
            program: URL(filePath: try ProgramFile.installed("mosquitto_passwd")),
            ["-b", "users", login.name, login.password], in: folder, name: "passwd")
        guard try await program.exitStatus() == 0 else { throw ProgramEnded(said: program.said) }
    }

    /// Ends it in an orderly way, and waits.
    package func stop() async throws {
        try await end(SIGTERM)
    }

    /// Ends it as a power cut would, and waits.
    package func kill() async throws {
        try await end(SIGKILL)
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
}
