import Foundation
import Testing
import XQueueServer
import XQueueTestServers
import XQueueTesting

/// Servers with tokens and with TLS, from a user's point of view.
@Suite struct LockedTests {
    private static let token = "xq_a-token-of-this-test-and-no-other"
    private static let next = "xq_the-token-that-comes-after-it"

    private static func file(_ tokens: String...) -> String {
        "auth:\n  tokens:\n"
            + tokens.enumerated().map { index, token in
                "    t\(index): { sha256: '\(TokenHash(of: token).hex)', scopes: [submit, read] }\n"
            }.joined()
    }

    private static func encrypted(_ files: TLSFiles, in folder: ServerFolder) async throws -> ServerProcess {
        try await ServerProcess(
            in: folder, ["--server-tls-cert-file", files.certificate, "--server-tls-key-file", files.key])
    }

    private static func bearer(_ token: String) -> [String] { ["-H", "Authorization: Bearer \(token)"] }

    @Test func aPublicAddressNeedsTokens() async throws {
        let folder = try ServerFolder()
        let program = try RunningProgram(
            ["serve", "--server-port", "0", "--server-host", "0.0.0.0"], in: folder, name: "open")
        #expect(try await program.exitStatus() == 64)
        #expect(program.output.contains("--insecure"))
        #expect(program.output.split(separator: "\n").count == 1)
        let insecure = try await ServerProcess(in: folder, ["--server-host", "0.0.0.0", "--insecure"])
        #expect(insecure.isRunning)
    }

    @Test func tokensAreReloadedOnHangup() async throws {
        let folder = try ServerFolder()
        try folder.write("xqueue.yaml", Self.file(Self.token))
        let server = try await ServerProcess(in: folder)
        let curl = Curl(folder: folder, address: server.address.absoluteString)
        #expect(try await curl.call("/api/v1/stats").status == 401)
        #expect(try await curl.call("/api/v1/stats", Self.bearer(Self.token)).status == 200)
        #expect(try await curl.call("/api/v1/stats", Self.bearer(Self.next)).status == 401)
        let paused = try await curl.call("/api/v1/types/a/pause", Self.bearer(Self.token) + ["-X", "POST"])
        #expect(paused.status == 403)
        #expect(paused.text.lowercased().contains(#"scope="admin""#))

        try folder.write("xqueue.yaml", Self.file(Self.token, Self.next))
        server.send(SIGHUP)
        try await eventually("the new token is accepted") {
            try await curl.call("/api/v1/stats", Self.bearer(Self.next)).status == 200
        }
        #expect(try await curl.call("/api/v1/stats", Self.bearer(Self.token)).status == 200)

        // An error in the file leaves the tokens unchanged.
        try folder.write("xqueue.yaml", "auth: { tokens: 5 }\n")
        server.send(SIGHUP)
        try await eventually("the error is reported") { server.output.contains("Could not reload tokens") }
        #expect(try await curl.call("/api/v1/stats", Self.bearer(Self.token)).status == 200)
        #expect(!server.output.contains(Self.token))
    }

    @Test func bothProtocolsWorkThroughTLS() async throws {
        let files = try await TLSFiles.make()
        let folder = try ServerFolder()
        let server = try await Self.encrypted(files, in: folder)
        #expect(server.address.scheme == "https")
        let curl = Curl(folder: folder, address: server.address.absoluteString, authority: files.authority)
        for (option, version) in [("--http1.1", "1.1"), ("--http2", "2")] {
            let made = try await curl.call(
                "/api/v1/tasks",
                [option, "-H", "Content-Type: application/json", "-d", #"{"type":"example"}"#])
            #expect(made.status == 201)
            #expect(made.version == version)
            let large = try await curl.call(
                "/api/v1/tasks",
                [option, "-H", "Content-Type: application/json", "-d", "@\(try Self.largeFile(in: folder))"])
            #expect(large.status == 413, "\(large.text)")
            let feed = try await curl.follow(option)
            #expect(feed.lowercased().contains("content-type: text/event-stream"))
            #expect(feed.hasPrefix("HTTP/\(version)"))
        }
        // An unencrypted client gets no reply, and the server keeps running.
        let open = Curl(folder: folder, address: "http://127.0.0.1:\(server.address.port ?? 0)")
        await #expect(throws: (any Error).self) { try await open.call("/api/v1/health") }
        #expect(try await curl.call("/api/v1/health").status == 200)
    }

    @Test func aRenewedCertificateIsUsedWithoutARestart() async throws {
        let (first, second) = (try await TLSFiles.make(), try await TLSFiles.make())
        let folder = try ServerFolder()
        let files = (folder.path + "/cert.pem", folder.path + "/key.pem")
        func install(_ source: TLSFiles) throws {
            try folder.write("cert.pem", try String(contentsOfFile: source.certificate, encoding: .utf8))
            try folder.write("key.pem", try String(contentsOfFile: source.key, encoding: .utf8))
        }
        try install(first)
        let server = try await ServerProcess(
            in: folder, ["--server-tls-cert-file", files.0, "--server-tls-key-file", files.1])
        let address = server.address.absoluteString
        let old = Curl(folder: folder, address: address, authority: first.authority)
        let new = Curl(folder: folder, address: address, authority: second.authority)
        #expect(try await old.call("/api/v1/health").status == 200)
        await #expect(throws: (any Error).self) { try await new.call("/api/v1/health") }
        // A feed opened before stays open.
        let feed = try RunningProgram(
            program: URL(filePath: try ProgramFile.installed("curl")),
            [
                "-sSN", "--cacert", first.authority, "-H", "Accept: text/event-stream",
                address + "/api/v1/events",
            ],
            in: folder, name: "feed")
        try await eventually("the feed begins") { feed.output.contains("event: hello") }

        try install(second)
        try await eventually("the renewed certificate is presented") {
            (try? await new.call("/api/v1/health"))?.status == 200
        }
        _ = try await new.call(
            "/api/v1/tasks", ["-H", "Content-Type: application/json", "-d", #"{"type":"example"}"#])
        try await eventually("the feed continues") { feed.output.contains("event: status") }
        feed.send(SIGTERM)
        _ = try await feed.exitStatus()
    }

    @Test func webSocketsGoThroughTLSWithAToken() async throws {
        let files = try await TLSFiles.make()
        let folder = try ServerFolder()
        try folder.write("xqueue.yaml", Self.file(Self.token))
        let server = try await Self.encrypted(files, in: folder)
        let curl = Curl(folder: folder, address: server.address.absoluteString, authority: files.authority)
        let refused = try await curl.socket([])
        #expect(refused.output.hasPrefix("HTTP/1.1 401"))
        let feed = try await curl.socket(Self.bearer(Self.token))
        try await eventually("the feed begins") { feed.output.contains(#""hello""#) }
        #expect(feed.output.hasPrefix("HTTP/1.1 101"))
        _ = try await curl.call(
            "/api/v1/tasks",
            Self.bearer(Self.token) + ["-H", "Content-Type: application/json", "-d", #"{"type":"example"}"#])
        try await eventually("the feed continues") { feed.output.contains(#""success""#) }
    }

    @Test func commandsSendTheirTokenThroughTLS() async throws {
        let files = try await TLSFiles.make()
        let folder = try ServerFolder()
        try folder.write("xqueue.yaml", Self.file(Self.token))
        let server = try await Self.encrypted(files, in: folder)
        let tool = Tool(server, in: folder, environment: ["XQUEUE_CA_FILE": files.authority])
        #expect(try await tool.run("stats", "--token", Self.token).status == 0)
        #expect(try await tool.run("stats", "--token", Self.next).status == 77)
        let stranger = try await tool.run("stats")
        #expect(stranger.status == 77)
        #expect(stranger.errors.contains("token"))
        let paused = try await tool.run("types", "pause", "example", "--token", Self.token)
        #expect(paused.status == 77)

        let careful = Tool(server, in: folder, environment: ["XQUEUE_TOKEN": Self.token])
        let refused = try await careful.run("stats")
        #expect(refused.status == 69)
        #expect(refused.errors.contains("certificate"), "\(refused.errors)")
        #expect(try await careful.run("stats", "--insecure-tls").status == 0)
        let end = try await careful.run("submit", "example", "--wait", "--ca-file", files.authority)
        #expect(end.status == 0, "\(end.errors)")
        #expect(!server.output.contains(Self.token))
    }

    private static func largeFile(in folder: ServerFolder) throws -> String {
        try folder.write("large", String(repeating: "x", count: 2 << 20))
        return folder.path + "/large"
    }
}
