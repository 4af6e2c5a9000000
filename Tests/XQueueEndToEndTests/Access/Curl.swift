import Foundation
import Testing
import XQueueTestServers
import XQueueTesting

/// curl, as a user calls the server with it.
struct Curl {
    let folder: ServerFolder
    let address: String
    /// The certificate to trust; nil without TLS.
    var authority: String?

    /// The status of the reply, its protocol (`1.1`, `2`), and its head and body.
    struct Answer {
        var status = 0
        var version = ""
        var text = ""
    }

    func call(_ path: String, _ options: [String] = []) async throws -> Answer {
        let curl = try RunningProgram(
            program: URL(filePath: try ProgramFile.installed("curl")),
            ["-sS", "-i", "--max-time", "60", "-w", "\n%{http_code} %{http_version}"]
                + (authority.map { ["--cacert", $0] } ?? []) + options + [address + path],
            in: folder, name: "curl-\(folder.nextNumber())")
        let status = try await curl.exitStatus()
        guard status == 0 else { throw ProgramEnded(output: curl.output) }
        let end = curl.output.split(separator: "\n").last.map { $0.split(separator: " ") } ?? []
        guard end.count == 2, let code = Int(end[0]) else { throw ProgramEnded(output: curl.output) }
        return Answer(status: code, version: String(end[1]), text: curl.output)
    }

    /// Asks for events over WebSocket, and goes on until it is stopped; what it is sent is not masked.
    func socket(_ options: [String]) async throws -> RunningProgram {
        let curl = try RunningProgram(
            program: URL(filePath: try ProgramFile.installed("curl")),
            ["-sSNi", "--http1.1", "-H", "Connection: Upgrade", "-H", "Upgrade: websocket"]
                + ["-H", "Sec-WebSocket-Version: 13", "-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
                + (authority.map { ["--cacert", $0] } ?? []) + options + [address + "/api/v1/events"],
            in: folder, name: "curl-\(folder.nextNumber())")
        try await eventually("there is an answer") { curl.output.contains("HTTP/1.1 ") }
        return curl
    }

    /// What a follower of events is sent, up to the first of a task.
    func follow(_ option: String) async throws -> String {
        let curl = try RunningProgram(
            program: URL(filePath: try ProgramFile.installed("curl")),
            ["-sSNi", option, "-H", "Accept: text/event-stream"] + (authority.map { ["--cacert", $0] } ?? [])
                + [address + "/api/v1/events?after=0"],
            in: folder, name: "curl-\(folder.nextNumber())")
        try await eventually("an event comes") { curl.output.contains("event: status") }
        curl.send(SIGTERM)
        _ = try await curl.exitStatus()
        return curl.output
    }
}
