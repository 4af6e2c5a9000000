import Subprocess
import XQueue
import XQueueCore

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
