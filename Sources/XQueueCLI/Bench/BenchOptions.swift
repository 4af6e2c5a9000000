import ArgumentParser

/// What `xqueue bench` measures, and with how much.
struct BenchOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How many tasks each phase moves.", valueName: "count"))
    var tasks = 50_000

    @Option(help: ArgumentHelp("How many handlers run at once.", valueName: "count"))
    var concurrency = 100

    @Option(help: ArgumentHelp("How many callers submit at once.", valueName: "count"))
    var submitters = 64

    @Option(help: ArgumentHelp("How many tasks one submission holds, 1 to 1000.", valueName: "count"))
    var batch = 1

    @Option(help: ArgumentHelp("The size of each payload, in bytes.", valueName: "bytes"))
    var payload = 100

    @Option(help: ArgumentHelp("How many tasks the small and the large backlog hold.", valueName: "count"))
    var backlog = 1_000_000

    @Option(help: ArgumentHelp("The folder for the databases; removed afterwards.", valueName: "folder"))
    var folder: String?

    @Flag(help: "Print one JSON object instead of a table.")
    var json = false

    func validate() throws {
        try require(tasks, "tasks", 1...100_000_000)
        try require(concurrency, "concurrency", 1...100_000)
        try require(submitters, "submitters", 1...10_000)
        try require(batch, "batch", 1...1000)
        try require(payload, "payload", 2...(1 << 20))
        try require(backlog, "backlog", 1...100_000_000)
    }

    private func require(_ value: Int, _ name: String, _ range: ClosedRange<Int>) throws {
        guard range ~= value else {
            throw ValidationError("--\(name) must be \(range.lowerBound) to \(range.upperBound)")
        }
    }
}
