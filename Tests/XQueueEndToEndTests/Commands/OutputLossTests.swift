import Foundation
import Testing
import XQueueTestServers

/// What the commands that need no server do when their output cannot be written.
@Suite(.timeLimit(.minutes(10))) struct OutputLossTests {
    private let tool: Tool

    init() throws {
        tool = Tool(nil, in: try ServerFolder())
    }

    private static let commands = [
        "--version", "--help", "help", "help submit", "submit --help", "serve --print-config", "token",
        "token new --name ci", "token hash", "--generate-completion-script bash", "--experimental-dump-help",
    ]

    /// What a token is made of, for `token hash`.
    private static let input = String(repeating: "t", count: 40) + "\n"

    @Test(arguments: commands) func outputThatIsLostIsTold(command: String) async throws {
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

    @Test(arguments: commands) func aReaderThatHasGoneIsNoError(command: String) async throws {
        // The reader is gone before the program begins: `true` ends at once, and the pipe with it.
        let late = #"{ trap "" PIPE; sleep 1; "$0" \#(command); echo $? > status; }"#
        let run = try await tool.shell("--version > /dev/null; \(late) | true", input: Self.input)
        #expect(run.errors.isEmpty, "\(command)")
        #expect(["0", "141"].contains(tool.folder.read("status").trimmingCharacters(in: .newlines)))
    }

    @Test func mistakesStayOnStandardError() async throws {
        let run = try await tool.shell("sumbit >&-")
        #expect(run.status == 64)
        #expect(run.errors.contains("sumbit"))
        // Nobody can be told, but the command ends as it should, and writes into no file of its own.
        #expect(try await tool.shell("sumbit >&- 2>&-").status == 64)
        #expect(try await tool.shell("--version >&- 2>&-").status == 74)
    }
}
