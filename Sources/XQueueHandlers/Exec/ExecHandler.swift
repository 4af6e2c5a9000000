import Subprocess
import SystemPackage
public import XQueue
public import XQueueCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Runs the tasks of a type with a program.
///
/// Input: the payload as JSON on standard input. The environment has `XQUEUE_TASK_ID`, `XQUEUE_TASK_TYPE`,
/// `XQUEUE_ATTEMPT`, `XQUEUE_METADATA` if the task has metadata, `XQUEUE_SCHEDULE` and `XQUEUE_TICK` if a schedule
/// submitted it, and `TRACEPARENT` and `TRACESTATE` if it belongs to a trace. Of this process's environment, it inherits only a safe allow-list and ``ExecProgram/inheritedVariables``.
///
/// Output: lines `{"progress": 40, "message": "…"}` on standard output report progress; the last other line is the
/// task's result, if it is JSON. Standard error goes to the log, and its end into the error of a failed task.
///
/// Outcome: exit status 0 is success. 64 (`EX_USAGE`) and 65 (`EX_DATAERR`) mean that the task itself is invalid and fail
/// it permanently. Any other status, a fatal signal, or a program that cannot be started fails the attempt, which is
/// retried. Child processes that outlive the program are left alone, and their later output is not read.
///
/// When the task is canceled, times out, or is returned at shutdown, the program's process group gets SIGTERM, and what
/// is left of it after the time to stop gets SIGKILL. Programs keep running only if the server itself is killed.
public struct ExecHandler: Sendable {
    /// The program that runs the tasks.
    public let program: ExecProgram
    private let workingDirectory: String
    private let base: [String: String]
    private let files: FileGate

    /// Creates a handler to register with a `TaskManager`.
    ///
    /// Also makes this process ignore SIGPIPE: writing to a closed pipe becomes an error instead of a fatal signal.
    ///
    /// - Parameter program: The program that runs the tasks. Its environment is derived from this process's environment now.
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

    /// Kills all running programs and their child processes immediately, when there is no time to stop them gracefully.
    public static func killAll() {
        ProcessGroup.killAll()
    }

    /// Runs a nonexistent program, so that Subprocess opens the descriptors it shares between programs: it would crash if
    /// it could not open them later.
    package static func prepare() async {
        let configuration = Subprocess.Configuration(executable: .path("/dev/null/xqueue"))
        _ = try? await Subprocess.run(
            configuration, input: .inputWriter, output: .sequence, error: .sequence
        ) { _ in }
    }

    /// Runs one attempt.
    ///
    /// - Parameter task: The task and its attempt.
    /// - Returns: The task's result; nil for none.
    /// - Throws: `TaskFailure` unless the program exited with status 0, or `CancellationError` if it was stopped.
    public func handle(_ task: TaskContext<RawJSON>) async throws -> RawJSON? {
        try Task.checkCancellation()
        // Subprocess crashes if there are fewer descriptors than it needs.
        let permit = try await files.permit(OpenFiles.perProgram, logger: task.logger)
        let (stops, stop) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingOldest(1))
        return try await withTaskCancellationHandler {
            // In an unstructured Swift task, because a canceled one could neither read the output of the stopping program
            // nor wait for it. It ends when the program does, which `stop` ensures.
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
            permit.release()
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

    /// Stops the group when asked to; returns false if the program ended before.
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

    /// A bare name is looked up in `PATH`; any other path is relative to the working directory.
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
                "no such working directory: \(workingDirectory)"
            case let error as SubprocessError
            where error.underlyingError?.rawValue == Errno.execFormatError.rawValue:
                ProgramTrouble.format
            case let error as SubprocessError: error.underlyingError?.description ?? error.description
            default: String(describing: error)
            }
        return TaskFailure("cannot run '\(program.path)': \(reason)")
    }
}

/// How long a program may take to stop.
struct StopPatience {
    private var limit: Duration
    private var isShutdown = false

    /// - Parameter grace: The attempt's grace period when it is asked to stop.
    init(grace: Duration) {
        limit = Self.before(grace)
    }

    /// Returns whether the program may take longer.
    ///
    /// - Parameters:
    ///   - elapsed: Time since the program was asked to stop.
    ///   - reason: Why it must stop, if known by now.
    ///   - grace: The grace period for this reason. A shutdown also shortens the rest of an earlier one.
    mutating func hasTime(after elapsed: Duration, _ reason: StopReason?, grace: Duration) -> Bool {
        if reason == .shutdown, !isShutdown {
            isShutdown = true
            let rest = Self.before(grace)
            limit = elapsed == .zero ? rest : min(limit, elapsed + rest)
        }
        return elapsed < limit
    }

    /// Returns a slightly shorter time, so that the program is gone before its attempt is abandoned.
    private static func before(_ time: Duration) -> Duration {
        time - min(time / 10, .milliseconds(500))
    }
}
