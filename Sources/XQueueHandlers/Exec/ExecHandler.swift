import Subprocess
import SystemPackage
public import XQueue
public import XQueueCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Serves a task type with a program.
///
/// What the program gets: the payload as JSON on standard input, and `XQUEUE_TASK_ID`, `XQUEUE_TASK_TYPE`,
/// `XQUEUE_ATTEMPT` and, if the task has metadata, `XQUEUE_METADATA` in an environment that has, of this process's, only what is harmless and what
/// ``ExecProgram/inheritedVariables`` names. The trace the task belongs to, if any, is in `TRACEPARENT` and `TRACESTATE`.
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
public struct ExecHandler: Sendable {
    /// What runs the tasks.
    public let program: ExecProgram
    private let workingDirectory: String
    private let base: [String: String]
    private let files: FileGate

    /// Makes a handler, which is then registered at a `TaskManager`.
    ///
    /// From then on, writing to a pipe that nobody reads is an error in this process rather than a deadly signal.
    ///
    /// - Parameter program: What runs the tasks. Its environment is put together now, of what this process has now.
    public init(_ program: ExecProgram) {
        self.init(program, environment: ProcessInfo.processInfo.environment)
    }

    init(_ program: ExecProgram, files: FileGate = .shared, environment: [String: String]) {
        BrokenPipe.ignore
        self.program = program
        self.files = files
        base = ExecEnvironment.base(inherited: environment, for: program)
        workingDirectory = ProgramTrouble.path(
            of: program.workingDirectory, in: FileManager.default.currentDirectoryPath)
    }

    /// Kills every program that runs now, and what it has started, at once: for when there is no time to stop them one
    /// by one.
    public static func killAll() {
        ProcessGroup.killAll()
    }

    /// Has Subprocess open what it keeps for all programs, and would end the process without: with the run of a program
    /// that cannot be.
    package static func prepare() async {
        let configuration = Subprocess.Configuration(executable: .path("/dev/null/xqueue"))
        _ = try? await Subprocess.run(
            configuration, input: .inputWriter, output: .sequence, error: .sequence
        ) { _ in }
    }

    /// Runs one attempt.
    ///
    /// - Parameter task: What the attempt is given.
    /// - Returns: The task's result; nil for none.
    /// - Throws: `TaskFailure` unless the program ended with exit status 0, or `CancellationError` if it was stopped.
    public func handle(_ task: TaskContext<RawJSON>) async throws -> RawJSON? {
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
            report = try await run.report(maxOutput: max(program.maxOutput, 0))
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
            var patience = StopPatience(grace: task.gracePeriod)
            await group.stop { elapsed in
                patience.hasTime(after: elapsed, task.stopReason, grace: task.gracePeriod)
            }
            return true
        }
        return false
    }

    private func configuration(of task: TaskContext<RawJSON>) -> Subprocess.Configuration {
        var options = PlatformOptions()
        options.processGroupID = 0
        return Subprocess.Configuration(
            executable: executable,
            arguments: Arguments(program.arguments),
            environment: ExecEnvironment.environment(base: base, of: task),
            workingDirectory: FilePath(workingDirectory),
            platformOptions: options)
    }

    /// A bare name is looked up in `PATH`; anything else is a path from the working directory.
    private var executable: Executable {
        guard program.path.contains("/") else { return .name(program.path) }
        return .path(FilePath(ProgramTrouble.path(of: program.path, in: workingDirectory)))
    }

    private func cannotStart(_ error: any Error) -> TaskFailure {
        let reason =
            switch error {
            case let error as SubprocessError where error.code == .executableNotFound:
                ProgramTrouble.reason(program.path, in: workingDirectory, searching: base["PATH"])
            case let error as SubprocessError where error.code == .failedToChangeWorkingDirectory:
                "no such working directory, \(workingDirectory)"
            case let error as SubprocessError
            where error.underlyingError?.rawValue == Errno.execFormatError.rawValue:
                ProgramTrouble.format
            case let error as SubprocessError: error.underlyingError?.description ?? error.description
            default: String(describing: error)
            }
        return TaskFailure("cannot run '\(program.path)': \(reason)")
    }
}

/// How long a program that was asked to stop may take.
struct StopPatience {
    private var limit: Duration
    private var isShutdown = false

    /// - Parameter grace: The time that the attempt has when it is asked to stop.
    init(grace: Duration) {
        limit = Self.before(grace)
    }

    /// Whether the program may take longer.
    ///
    /// - Parameters:
    ///   - elapsed: How long ago the program was asked.
    ///   - reason: Why it must stop, as far as is known now.
    ///   - grace: The time that an attempt has to stop for this reason. That at shutdown also cuts short what is left
    ///     of an earlier one.
    mutating func hasTime(after elapsed: Duration, _ reason: StopReason?, grace: Duration) -> Bool {
        if reason == .shutdown, !isShutdown {
            isShutdown = true
            let rest = Self.before(grace)
            limit = elapsed == .zero ? rest : min(limit, elapsed + rest)
        }
        return elapsed < limit
    }

    /// A tenth earlier, so that the program is gone before its attempt is given up.
    private static func before(_ time: Duration) -> Duration {
        time - min(time / 10, .milliseconds(500))
    }
}
