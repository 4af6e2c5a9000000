import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers

/// A start that cannot succeed prints one line with the reason and exits with its own status.
@Suite struct RejectionTests {
    private func run(
        _ arguments: [String], in folder: ServerFolder, environment: [String: String] = [:]
    ) async throws -> (status: Int32, output: String) {
        let program = try RunningProgram(
            arguments, in: folder, name: "run-\(folder.nextNumber())", environment: environment)
        return (try await program.exitStatus(), program.output)
    }

    @Test func aSecondServerOnTheSameStore() async throws {
        let folder = try ServerFolder()
        let server = try await ServerProcess(in: folder)
        let (status, output) = try await run(["serve", "--server-port", "0"], in: folder)
        #expect(status == 73)
        #expect(output.hasPrefix("xqueue: cannot use the store xqueue-data/xqueue.db: another process"))
        #expect(output.split(separator: "\n").count == 1)
        // The first server is unaffected.
        let task = try await API(server).submit()
        #expect(try await API(server).end(of: task.id).status == .success)
    }

    @Test func aSecondServerOnTheSameStoreByAnotherName() async throws {
        let folder = try ServerFolder()
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/dangling.db", withDestinationPath: "real.db")
        let server = try await ServerProcess(in: folder, ["--store-path", "dangling.db"])
        try FileManager.default.linkItem(
            atPath: folder.path + "/real.db", toPath: folder.path + "/hard.db")
        for name in ["dangling.db", "real.db", "hard.db"] {
            let (status, output) = try await run(
                ["serve", "--server-port", "0", "--store-path", name], in: folder)
            #expect(status == 73, "\(name): \(output)")
            #expect(output.contains("another process is using this store"), "\(name): \(output)")
        }
        let task = try await API(server).submit()
        #expect(try await API(server).end(of: task.id).status == .success)
    }

    @Test func aBusyPort() async throws {
        let server = try await ServerProcess(in: ServerFolder())
        let port = try #require(server.address.port)
        let (status, output) = try await run(["serve", "--server-port", "\(port)"], in: ServerFolder())
        #expect(status == 69)
        #expect(output == "xqueue: cannot listen on 127.0.0.1:\(port): the port is already in use\n")
    }

    @Test func aPathThatIsNotAStore() async throws {
        let folder = try ServerFolder()
        try folder.write("file.db", String(repeating: "this is no database. ", count: 500))
        try FileManager.default.createDirectory(
            atPath: folder.path + "/folder.db", withIntermediateDirectories: true)
        for path in ["file.db", "folder.db", "file.db/x.db", "/proc/none/x.db"] {
            let (status, output) = try await run(
                ["serve", "--store-path", path, "--server-port", "0"], in: folder)
            #expect(status == 73, "\(path): \(output)")
            #expect(output.hasPrefix("xqueue: cannot "), "\(path): \(output)")
            #expect(output.split(separator: "\n").count == 1, "\(path): \(output)")
        }
        #expect(folder.read("file.db").hasPrefix("this is no database."))
    }

    @Test func anErrorInTheConfigurationFile() async throws {
        let folder = try ServerFolder()
        try folder.write("xqueue.yaml", "server:\n  prot: 1\n")
        let (status, output) = try await run(["serve"], in: folder)
        #expect(status == 78)
        #expect(output == "xqueue: xqueue.yaml:2: unknown key 'server.prot', did you mean 'server.port'?\n")
    }

    @Test func anErrorOnTheCommandLine() async throws {
        let (status, output) = try await run(["serve", "--server-prot", "1"], in: ServerFolder())
        #expect(status == 64)
        #expect(output == "xqueue: unknown flag '--server-prot', did you mean '--server-port'?\n")
    }

    @Test func printConfigShowsTheSourceOfEverySetting() async throws {
        let folder = try ServerFolder()
        try folder.write("xqueue.yaml", "server:\n  port: 1111\n  host: ::1\nqueue: { default_retry: 9 }\n")
        let (status, output) = try await run(
            ["serve", "--print-config", "--server-mode", "debug"], in: folder,
            environment: ["XQUEUE_SERVER_PORT": "2222"])
        #expect(status == 0)
        let rows = output.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        #expect(rows.contains("server.port 2222 environment XQUEUE_SERVER_PORT"))
        #expect(rows.contains("server.host ::1 file xqueue.yaml:3"))
        #expect(rows.contains("server.mode debug flag --server-mode"))
        #expect(rows.contains("queue.default_retry 9 file xqueue.yaml:4"))
        #expect(rows.contains("store.path xqueue-data/xqueue.db default"))
    }

    @Test func versionAndHelp() async throws {
        let folder = try ServerFolder()
        let version = try await run(["--version"], in: folder)
        #expect(version.status == 0)
        #expect(version.output.split(separator: ".").count == 3)
        let help = try await run(["serve", "--help"], in: folder)
        #expect(help.status == 0)
        #expect(help.output.contains("--queue-default-timeout (default: 10m)"))
    }
}
