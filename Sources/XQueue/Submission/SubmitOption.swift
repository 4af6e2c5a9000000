public import XQueueCore

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// An option of a submission in Swift.
///
/// ```swift
/// try await manager.submit(Resize.self, request, .priority(5), .concurrency("user_123", limit: 3))
/// ```
public struct SubmitOption: Sendable {
    let apply: @Sendable (inout TaskSubmission) -> Void

    /// An identifier of your own, a version 7 UUID such as `TaskIDGenerator().next()`: while the queue has a task with
    /// it, submitting again returns that task.
    public static func id(_ id: TaskID) -> SubmitOption {
        SubmitOption { $0.id = id }
    }

    /// Larger runs first; the default is 0.
    public static func priority(_ priority: Int32) -> SubmitOption {
        SubmitOption { $0.priority = priority }
    }

    /// Maximum number of retries, 0 to 1000.
    public static func maxRetry(_ count: Int) -> SubmitOption {
        SubmitOption { $0.maxRetry = count }
    }

    /// How long the task may wait for its first attempt; zero for no limit.
    public static func queueTimeout(_ timeout: Duration) -> SubmitOption {
        SubmitOption { $0.queueTimeout = timeout }
    }

    /// How long an attempt may run; zero for no limit.
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

    /// While a task of the type with this key is unfinished, submitting returns that task.
    public static func unique(_ key: String) -> SubmitOption {
        SubmitOption { $0.uniqueKey = key }
    }

    /// Which other tasks there may not be meanwhile, and what to do if there is one.
    public static func unique(_ uniqueness: Uniqueness) -> SubmitOption {
        SubmitOption { $0.uniqueness = uniqueness }
    }

    /// How long to wait before each retry.
    public static func retry(_ policy: RetryPolicy) -> SubmitOption {
        SubmitOption { $0.retryPolicy = policy }
    }

    /// Makes the task ready this long after it was accepted.
    public static func delay(_ delay: Duration) -> SubmitOption {
        SubmitOption { $0.schedule = .after(delay) }
    }

    /// The trace the task belongs to.
    public static func trace(_ trace: TraceContext?) -> SubmitOption {
        SubmitOption { $0.trace = trace }
    }

    /// A JSON object of at most 4096 bytes that handlers and events get in addition to the payload.
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
