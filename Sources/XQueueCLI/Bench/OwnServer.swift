import Subprocess
import SystemPackage

/// A server that a benchmark starts, and that lives as long as it is needed.
enum OwnServer {
    /// Starts `program`, waits with `ready`, runs `body`, and kills it: nothing of what it holds is wanted any
    /// more.
    ///
    /// - Parameters:
    ///   - folder: Where it runs; nil for here.
    ///   - missing: Thrown if there is no such program.
    static func use(
        _ program: Executable, _ arguments: [String], in folder: String? = nil, missing: BenchFailure,
        ready: () async throws -> Void, _ body: (_ process: Int) async throws -> Void
    ) async throws {
        do {
            _ = try await Subprocess.run(
                program, arguments: Arguments(arguments), workingDirectory: folder.map { FilePath($0) },
                input: .none, output: .discarded, error: .discarded
            ) { execution in
                do {
                    try await ready()
                    try await body(Int(execution.processIdentifier.value))
                } catch {
                    try? execution.send(signal: .kill)
                    throw error
                }
                try execution.send(signal: .kill)
            }
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw missing
        }
    }
}
