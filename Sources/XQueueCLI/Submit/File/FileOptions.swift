import ArgumentParser

/// How a file of tasks is submitted.
struct FileOptions: ParsableArguments {
    /// What a server takes in one request unless it is set otherwise.
    static let largestBatch = 1000

    @Option(
        name: .customLong("file"),
        help: ArgumentHelp(
            "Submit the tasks in this file, one a line; - is standard input.", valueName: "file"),
        completion: .file())
    var path: String?

    @Option(
        help: ArgumentHelp("The state file; FILE.xqueue-state if not given.", valueName: "file"),
        completion: .file())
    var state: String?

    @Flag(help: "Go on where an earlier run of the same file stopped, if there was one.")
    var resume = false

    @Flag(help: "Forget an earlier run: submit the whole file again.")
    var restart = false

    @Flag(
        name: .customLong("keep-going"),
        help: "Pass over lines that the server does not accept, and tell them.")
    var keepsGoing = false

    @Option(help: ArgumentHelp("How many tasks to send at once, 1 to \(largestBatch).", valueName: "count"))
    var batch = largestBatch

    func check() throws {
        guard !(resume && restart) else { throw ValidationError("give --resume or --restart") }
        guard 1...Self.largestBatch ~= batch else {
            throw ValidationError("--batch must be 1 to \(Self.largestBatch)")
        }
        guard path != "-" || state != nil || !(resume || restart) else {
            throw ValidationError("standard input can be resumed with a --state file only")
        }
    }

    /// - Throws: `ValidationError` if something is given that means nothing without a file.
    func checkAlone() throws {
        guard state == nil, !resume, !restart, !keepsGoing else {
            throw ValidationError("--state, --resume, --restart and --keep-going are for a --file")
        }
    }
}
