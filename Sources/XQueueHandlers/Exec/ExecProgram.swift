import Subprocess
import XQueue
import XQueueCore

/// A program that runs the tasks of a type, and what it is given.
public struct ExecProgram: Sendable, Hashable {
    /// The name of the program, which is looked up in `PATH`, or a path; a relative path starts from ``workingDirectory``.
    public var path: String
    /// What the program is given on its command line, without a shell in between.
    public var arguments: [String]
    /// Variables that are added to the program's environment, by name.
    public var environment: [String: String] = [:]
    /// The names of variables of this process that the program inherits, besides the harmless ones (`PATH`, `HOME`,
    /// `LANG` and the like). Any other variable may be a secret, and is not passed on.
    public var inheritedVariables: [String] = []
    /// The folder that the program runs in; a relative one starts from this process's.
    public var workingDirectory: String
    /// How many bytes of a line of standard output are kept, and how many bytes of standard error are logged, in each
    /// attempt. A longer last line is no result. 1 MiB by default; less than 0 counts as 0.
    public var maxOutput = 1 << 20

    /// Describes a program.
    ///
    /// - Parameters:
    ///   - path: The name of the program, or a path to it.
    ///   - arguments: What it is given on its command line.
    ///   - workingDirectory: The folder it runs in.
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
    static let traceParent = "TRACEPARENT"
    static let traceState = "TRACESTATE"

    /// What programs need to know of where they run, and what holds no secret.
    static let harmless: Set<String> = [
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TMP", "TEMP",
    ]
    /// `LC_ALL`, `LC_CTYPE` and the like.
    private static let localePrefix = "LC_"

    /// What is harmless of this process's environment, what the program is said to inherit of the rest, and
    /// what is added for it. Anything else may be a secret.
    static func base(inherited: [String: String], for program: ExecProgram) -> [String: String] {
        let named = Set(program.inheritedVariables)
        return
            inherited
            .filter { name, _ in
                harmless.contains(name) || name.hasPrefix(localePrefix) || named.contains(name)
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
        // Never this process's own: a task without a trace belongs to none.
        values[.init(stringLiteral: traceParent)] = task.trace?.parent
        values[.init(stringLiteral: traceState)] = task.trace?.state
        return .custom(values)
    }
}
