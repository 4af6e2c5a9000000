import Foundation
import Testing
import XQueueTestServers
import XQueueTesting

/// Calls to the server with curl.
struct Curl {
    let folder: ServerFolder
    let address: String
    /// The trusted certificate; nil without TLS.
    var authority: String?

    /// The reply's status, protocol version (`1.1`, `2`), head and body.
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

    /// Follows events over WebSocket until stopped. Server frames are unmasked, so the output is readable.
    func socket(_ options: [String]) async throws -> RunningProgram {
        let curl = try RunningProgram(
            program: URL(filePath: try ProgramFile.installed("curl")),
            ["-sSNi", "--http1.1", "-H", "Connection: Upgrade", "-H", "Upgrade: websocket"]
                + ["-H", "Sec-WebSocket-Version: 13", "-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
                + (authority.map { ["--cacert", $0] } ?? []) + options + [address + "/api/v1/events"],
            in: folder, name: "curl-\(folder.nextNumber())")
        try await eventually("a reply arrives") { curl.output.contains("HTTP/1.1 ") }
        return curl
    }

    /// The output of a follower of events, up to the first task event.
    func follow(_ option: String) async throws -> String {
        let curl = try RunningProgram(
            program: URL(filePath: try ProgramFile.installed("curl")),
            ["-sSNi", option, "-H", "Accept: text/event-stream"] + (authority.map { ["--cacert", $0] } ?? [])
                + [address + "/api/v1/events?after=0"],
            in: folder, name: "curl-\(folder.nextNumber())")
        try await eventually("an event arrives") { curl.output.contains("event: status") }
        curl.send(SIGTERM)
        _ = try await curl.exitStatus()
        return curl.output
    }
}
