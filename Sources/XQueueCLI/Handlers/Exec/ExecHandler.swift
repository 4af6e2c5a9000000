import Foundation
import Subprocess
import SystemPackage
import XQueue
import XQueueCore

/// Serves a task type with a program.
///
/// What the program gets: the payload as JSON on standard input, and `XQUEUE_TASK_ID`, `XQUEUE_TASK_TYPE`
/// and `XQUEUE_ATTEMPT` in an environment that has, of this process's, only what is harmless and what the
/// definition names. The trace the task belongs to, if any, is in `TRACEPARENT` and `TRACESTATE`.
///
/// What it says on standard output: lines `{"progress": 40, "message": "…"}` are progress; the last other
/// line is the task's result, if it is JSON. Standard error goes to the log, and its end into the error of
/// a task that fails.
///
/// How it ends: exit status 0 is success. Status 64 (`EX_USAGE`) and 65 (`EX_DATAERR`) say that the task
/// itself is wrong, and fail it for good; any other status, a deadly signal, and a program that cannot be
/// started fail the attempt, which is retried. Programs it leaves behind when it ends by itself are left
/// alone; what they say after that is read by nobody.
///
/// When the task is canceled, times out, or must be returned at shutdown, SIGTERM goes to the program's
/// process group, and SIGKILL to whoever of it is left when the time to stop is over. Only a server that is
/// itself killed leaves its programs running.
struct ExecHandler: Sendable {
    let definition: HandlerDefinition
    /// How long an attempt has to stop at shutdown.
    let stopPeriod: Duration
    private let base: [String: String]
    private let files: FileGate

    init(
        _ definition: HandlerDefinition, stopPeriod: Duration, files: FileGate = .shared,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        BrokenPipe.ignore
        self.definition = definition
        self.stopPeriod = stopPeriod
        self.files = files
        self.base = ExecEnvironment.base(inherited: environment, for: definition)
    }

    /// Runs one attempt.
    func handle(_ task: TaskContext<RawJSON>) async throws -> RawJSON? {
        try Task.checkCancellation()
        // Subprocess ends the process if it finds fewer descriptors than it needs.
        let permit = try await files.permit(OpenFiles.ofOneProgram, logger: task.logger)
        let (stops, stop) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingOldest(1))
        return try await withTaskCancellationHandler {
            // In a Swift task of its own, because a canceled one could neither read what the program says
            // while it stops nor wait for it. It ends when the program does, which `stop` sees to.
            try await Task { try await run(task, permit, stops: stops, stop: stop) }.value
        } onCancel: {
            stop.yield()
        }
    }

    private func run(
        _ task: TaskContext<RawJSON>, _ permit: FileGate.Permit, stops: AsyncStream<Void>,
        stop: AsyncStream<Void>.Continuation
    ) async throws -> RawJSON? {
        let group = ProcessGroup()
        async let stopped = stopWhenAsked(group, task, stops)
        defer { stop.finish() }
        let report: ExecReport
        do {
            let run = ExecRun(
                configuration: configuration(of: task), task: task, group: group, permit: permit)
            report = try await run.report(maxOutput: definition.maxOutput)
        } catch {
            permit.giveBack()
            group.ended()
            stop.finish()
            _ = await stopped
            throw cannotStart(error)
        }
        group.ended()
        stop.finish()
        if await stopped, report.status != .exited(0) { throw CancellationError() }
        return try report.outcome(logger: task.logger)
    }

    /// Waits to be asked to stop, and stops the group then; false if the program ended without.
    private func stopWhenAsked(
        _ group: ProcessGroup, _ task: TaskContext<RawJSON>, _ stops: AsyncStream<Void>
    ) async -> Bool {
        for await _ in stops {
            var patience = StopPatience(grace: task.gracePeriod, stopPeriod: stopPeriod)
            await group.stop { elapsed in patience.hasTime(after: elapsed, task.stopReason) }
            return true
        }
        return false
    }

    private func configuration(of task: TaskContext<RawJSON>) -> Subprocess.Configuration {
        var options = PlatformOptions()
        options.processGroupID = 0
        return Subprocess.Configuration(
            executable: executable,
            arguments: Arguments(Array(definition.command.dropFirst())),
            environment: ExecEnvironment.environment(
                base: base, id: task.id.description, type: task.type, attempt: task.attempt,
                trace: task.trace),
            workingDirectory: FilePath(definition.workingDirectory),
            platformOptions: options)
    }

    /// A bare name is looked up in `PATH`; anything else is a path from the working directory.
    private var executable: Executable {
        let program = definition.command[0]
        guard program.contains("/") else { return .name(program) }
        return .path(FilePath(ProgramTrouble.path(of: program, in: definition.workingDirectory)))
    }

    private func cannotStart(_ error: any Error) -> TaskFailure {
        let program = definition.command[0]
        let reason =
            switch error {
            case let error as SubprocessError where error.code == .executableNotFound:
                ProgramTrouble.reason(program, in: definition.workingDirectory, searching: base["PATH"])
            case let error as SubprocessError where error.code == .failedToChangeWorkingDirectory:
                "no such working directory, \(definition.workingDirectory)"
            case let error as SubprocessError where error.underlyingError?.rawValue == ENOEXEC:
                ProgramTrouble.format
            case let error as SubprocessError: error.underlyingError?.description ?? error.description
            default: String(describing: error)
            }
        return TaskFailure("cannot run '\(program)': \(reason)")
    }
}
