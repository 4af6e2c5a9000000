import Foundation
import Testing
import XQueueTestServers

/// How commands without a server handle output that cannot be written.
@Suite(.timeLimit(.minutes(10))) struct OutputLossTests {
    private let tool: Tool

    init() throws {
        tool = Tool(nil, in: try ServerFolder())
    }

    private static let commands = [
        "--version", "--help", "help", "help submit", "submit --help", "serve --print-config", "token",
        "token new --name ci", "token hash", "--generate-completion-script bash", "--experimental-dump-help",
    ]

    /// A token for `token hash`.
    private static let input = String(repeating: "t", count: 40) + "\n"

    @Test(arguments: commands) func lostOutputIsReported(command: String) async throws {
        for (place, reason) in [
            ("> /dev/full", "No space left on device"), (">&-", "Bad file descriptor"),
        ] {
            let run = try await tool.shell("\(command) \(place)", input: Self.input)
            #expect(run.status == 74, "\(command) \(place): \(run.errors)")
            #expect(
                run.errors == "xqueue: cannot write to standard output: \(reason)\n", "\(command) \(place)")
        }
        let run = try await tool.shell(command, input: Self.input)
        #expect(run.status == 0)
        #expect(!run.output.isEmpty)
        #expect(run.errors.isEmpty)
    }

    @Test(arguments: commands) func aClosedPipeIsNotAnError(command: String) async throws {
        // The reader is gone before the program starts: `true` exits immediately and closes the pipe.
        let late = #"{ trap "" PIPE; sleep 1; "$0" \#(command); echo $? > status; }"#
        let run = try await tool.shell("--version > /dev/null; \(late) | true", input: Self.input)
        #expect(run.errors.isEmpty, "\(command)")
        #expect(["0", "141"].contains(tool.folder.read("status").trimmingCharacters(in: .newlines)))
    }

    @Test func errorsStayOnStandardError() async throws {
        let run = try await tool.shell("sumbit >&-")
        #expect(run.status == 64)
        #expect(run.errors.contains("sumbit"))
        // The error cannot be printed, but the exit status is right and no other file is written to.
        #expect(try await tool.shell("sumbit >&- 2>&-").status == 64)
        #expect(try await tool.shell("--version >&- 2>&-").status == 74)
    }
}
