import Logging
import Subprocess
import SystemPackage
import XQueue
import XQueueCore

/// A run of a program: writes its input, reads its output, and waits for its end.
struct ExecRun: Sendable {
    let configuration: Subprocess.Configuration
    let task: TaskContext<RawJSON>
    let group: ProcessGroup
    /// Permits the descriptors needed to start the program.
    let permit: FileGate.Permit

    /// - Throws: ``SubprocessError`` if the program cannot be started.
    func report(maxOutput: Int) async throws -> ExecReport {
        let outcome = try await Subprocess.run(
            configuration, input: .inputWriter, output: .sequence, error: .sequence
        ) { execution in
            permit.release()
            group.started(execution.processIdentifier.value)
            async let fed: Void = feed(execution.standardInputWriter)
            async let output = readOutput(execution.standardOutput, limit: maxOutput)
            async let errors = readErrors(execution.standardError, room: maxOutput)
            let said = await (output, errors)
            await fed
            return said
        }
        let (output, errors) = outcome.closureResult
        return ExecReport(status: outcome.terminationStatus, output: output, errors: errors)
    }

    /// Writes the payload. Errors are ignored: a program need not read its input.
    private func feed(_ input: StandardInputWriter) async {
        _ = try? await input.write(Array(task.payload.text.utf8))
        try? await input.finish()
    }

    /// Reads until the program closes its output or ends, even if other processes keep the pipe open.
    private func readOutput(_ chunks: SubprocessOutputSequence, limit: Int) async -> ExecOutput {
        var output = ExecOutput()
        await forEachLine(of: chunks, limit: limit) { line in
            if let progress = output.take(line) {
                task.report(progress: progress.percent, message: progress.message)
            }
        }
        return output
    }

    private func readErrors(_ chunks: SubprocessOutputSequence, room: Int) async -> ExecErrors {
        var errors = ExecErrors(room: room)
        await forEachLine(of: chunks, limit: ExecErrors.lineBytes) { line in
            if let text = errors.take(line) { task.logger.info("\(text)") }
        }
        return errors
    }

    private func forEachLine(
        of chunks: SubprocessOutputSequence, limit: Int, _ body: (LineSplitter.Line) -> Void
    ) async {
        var splitter = LineSplitter(limit: limit)
        var iterator = chunks.makeAsyncIterator()
        // Treat a read error as the end of output; the program's status decides the outcome.
        while let chunk = try? await iterator.next() {
            chunk.withUnsafeBytes { splitter.take($0, body) }
        }
        if let line = splitter.finish() { body(line) }
    }
}
