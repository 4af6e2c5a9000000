public import XQueueCore

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// One thing a Swift caller may ask for when submitting a task.
///
/// ```swift
/// try await manager.submit(Resize.self, request, .priority(5), .concurrency("user_123", limit: 3))
/// ```
public struct SubmitOption: Sendable {
    let apply: @Sendable (inout TaskSubmission) -> Void

    /// An identifier of your own: while the queue has a task with it, submitting again returns that task.
    public static func id(_ id: TaskID) -> SubmitOption {
        SubmitOption { $0.id = id }
    }

    /// Larger runs first; the default is 0.
    public static func priority(_ priority: Int32) -> SubmitOption {
        SubmitOption { $0.priority = priority }
    }

    /// How many attempts may follow the first one, 0 to 1000.
    public static func maxRetry(_ count: Int) -> SubmitOption {
        SubmitOption { $0.maxRetry = count }
    }

    /// How long the task may wait for its first attempt; zero for as long as it takes.
    public static func queueTimeout(_ timeout: Duration) -> SubmitOption {
        SubmitOption { $0.queueTimeout = timeout }
    }

    /// How long one attempt may run; zero for as long as it takes.
    public static func processTimeout(_ timeout: Duration) -> SubmitOption {
        SubmitOption { $0.processTimeout = timeout }
    }

    /// Runs the task only while fewer than `limit` tasks with `key` run, across all nodes.
    public static func concurrency(_ key: String, limit: Int = 1) -> SubmitOption {
        SubmitOption {
            $0.concurrencyKey = key
            $0.maxConcurrency = limit
        }
    }

    /// While a task of the type with this key is unfinished, it answers for this one.
    public static func unique(_ key: String) -> SubmitOption {
        SubmitOption { $0.uniqueKey = key }
    }

    public static func retry(_ policy: RetryPolicy) -> SubmitOption {
        SubmitOption { $0.retryPolicy = policy }
    }

    /// Makes the task ready so long after it was accepted.
    public static func delay(_ delay: Duration) -> SubmitOption {
        SubmitOption { $0.schedule = .after(delay) }
    }

    /// Has the task belong to this trace.
    public static func trace(_ trace: TraceContext?) -> SubmitOption {
        SubmitOption { $0.trace = trace }
    }

    /// Gives handlers and events this beside the payload: a JSON object of at most 4096 bytes.
    public static func metadata(_ metadata: RawJSON?) -> SubmitOption {
        SubmitOption { $0.metadata = metadata }
    }

    /// Makes the task ready at this time.
    public static func runAt(_ time: Timestamp) -> SubmitOption {
        SubmitOption { $0.schedule = .at(time) }
    }

    /// Makes the task ready at this time, to the millisecond.
    public static func runAt(_ date: Date) -> SubmitOption {
        runAt(Timestamp(date))
    }
}
