import Subprocess
import XQueueCore

/// The environment of a handler's program.
enum ExecEnvironment {
    static let taskID = "XQUEUE_TASK_ID"
    static let taskType = "XQUEUE_TASK_TYPE"
    static let attempt = "XQUEUE_ATTEMPT"
    static let traceParent = "TRACEPARENT"
    static let traceState = "TRACESTATE"

    /// This process's environment without what configures XQueue, which may be secret, plus what the
    /// handler's definition adds.
    static func base(
        inherited: [String: String], adding definition: [String: String]
    ) -> [String: String] {
        inherited
            .filter { !$0.key.hasPrefix(Setting.variablePrefix) }
            .merging(definition) { _, own in own }
    }

    static func environment(
        base: [String: String], id: String, type: String, attempt: Int, trace: TraceContext?
    ) -> Environment {
        var values: [Environment.Key: String] = [:]
        for (name, value) in base {
            if let key = Environment.Key(rawValue: name) { values[key] = value }
        }
        values[.init(stringLiteral: taskID)] = id
        values[.init(stringLiteral: taskType)] = type
        values[.init(stringLiteral: Self.attempt)] = String(attempt)
        // Never this process's own: a task without a trace belongs to none.
        values[.init(stringLiteral: traceParent)] = trace?.parent
        values[.init(stringLiteral: traceState)] = trace?.state
        return .custom(values)
    }
}
