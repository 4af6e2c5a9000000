import Subprocess
import XQueue
import XQueueCore

/// A program that runs the tasks of a type, with its arguments and environment.
public struct ExecProgram: Sendable, Hashable {
    /// A program name, looked up in `PATH`, or a path; a relative path starts from ``workingDirectory``.
    public var path: String
    /// Command-line arguments, passed without a shell.
    public var arguments: [String]
    /// Variables added to the program's environment, by name.
    public var environment: [String: String] = [:]
    /// Names of variables that the program inherits from this process, besides the safe ones (`PATH`, `HOME`, `LANG` and
    /// the like). Others may be secrets and are not passed on.
    public var inheritedVariables: [String] = []
    /// Working directory of the program; a relative path starts from this process's.
    public var workingDirectory: String
    /// Maximum bytes kept of each line of standard output, and maximum bytes of standard error logged per attempt. If the
    /// last line is longer, there is no result. Default: 1 MiB; negative values count as 0.
    public var maxOutput = 1 << 20

    /// Creates a program.
    ///
    /// - Parameters:
    ///   - path: A program name or path.
    ///   - arguments: Command-line arguments.
    ///   - workingDirectory: Working directory of the program.
    public init(_ path: String, arguments: [String] = [], workingDirectory: String = ".") {
        self.path = path
        self.arguments = arguments
        self.workingDirectory = workingDirectory
    }
}

/// The environment of a handler's program.
package enum ExecEnvironment {
    package static let taskID = "XQUEUE_TASK_ID"
    package static let taskType = "XQUEUE_TASK_TYPE"
    package static let attempt = "XQUEUE_ATTEMPT"
    static let metadata = "XQUEUE_METADATA"
    static let schedule = "XQUEUE_SCHEDULE"
    static let tick = "XQUEUE_TICK"
    static let traceParent = "TRACEPARENT"
    static let traceState = "TRACESTATE"

    /// Variables that programs need and that contain no secrets.
    static let safe: Set<String> = [
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TMP", "TEMP",
    ]
    /// `LC_ALL`, `LC_CTYPE` and the like.
    private static let localePrefix = "LC_"

    /// Returns the safe and the listed variables of this process's environment, and those added for the program. Any other
    /// variable may be a secret.
    static func base(inherited: [String: String], for program: ExecProgram) -> [String: String] {
        let named = Set(program.inheritedVariables)
        return
            inherited
            .filter { name, _ in
                safe.contains(name) || name.hasPrefix(localePrefix) || named.contains(name)
            }
            .merging(program.environment) { _, own in own }
    }

    static func environment(base: [String: String], of task: TaskContext<RawJSON>) -> Environment {
        var values: [Environment.Key: String] = [:]
        for (name, value) in base {
            if let key = Environment.Key(rawValue: name) { values[key] = value }
        }
        values[.init(stringLiteral: taskID)] = task.id.description
        values[.init(stringLiteral: taskType)] = task.type
        values[.init(stringLiteral: attempt)] = String(task.attempt)
        values[.init(stringLiteral: metadata)] = task.metadata?.text
        values[.init(stringLiteral: schedule)] = task.scheduled?.schedule
        values[.init(stringLiteral: tick)] = task.scheduled?.tick.rfc3339
        // Never inherited from this process: a task without a trace belongs to none.
        values[.init(stringLiteral: traceParent)] = task.trace?.parent
        values[.init(stringLiteral: traceState)] = task.trace?.state
        return .custom(values)
    }
}
