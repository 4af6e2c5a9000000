import Tracing
import XQueueCore

/// The spans of the queue: one for each submission, and one for each attempt in this process.
struct QueueTracer: SubmissionMiddleware, AttemptMiddleware {
    private let tracer: any Tracer

    /// Nil for a tracer that records nothing: traces are then passed on as they came.
    init?(_ tracer: any Tracer) {
        guard !(tracer is NoOpTracer) else { return nil }
        self.tracer = tracer
    }

    /// Submits tasks within a span, which becomes the parent of their attempts.
    ///
    /// The span is a child of the caller's, or else of the first task's trace. A task with another trace keeps its own.
    func submit(
        _ tasks: [TaskSubmission], next: ([TaskSubmission]) async throws(QueueError) -> [SubmitOutcome]
    ) async throws(QueueError) -> [SubmitOutcome] {
        let given = tasks.first { $0.trace != nil }?.trace
        let context = ServiceContext.current ?? self.context(of: given)
        let span = tracer.startSpan("xqueue submit", context: context, ofKind: .producer)
        defer { span.end() }
        span.attributes["messaging.system"] = "xqueue"
        span.attributes["messaging.operation.name"] = "submit"
        span.attributes["messaging.batch.message_count"] = tasks.count
        if let first = tasks.first { span.attributes["messaging.destination.name"] = first.type }
        let own = trace(of: span)
        var tasks = tasks
        for index in tasks.indices where tasks[index].trace == given || tasks[index].trace == nil {
            tasks[index].trace = own ?? tasks[index].trace
        }
        do throws(QueueError) {
            let outcomes = try await next(tasks)
            if let first = outcomes.first, outcomes.count == 1 {
                span.attributes["messaging.message.id"] = first.record.id.description
            }
            return outcomes
        } catch {
            span.recordError(error)
            span.setStatus(SpanStatus(code: .error, message: error.code.rawValue))
            throw error
        }
    }

    /// Runs a handler within a span of its task's trace, and passes that span's trace on to it.
    func attempt(
        _ task: TaskContext<RawJSON>, next: @Sendable (TaskContext<RawJSON>) async throws -> RawJSON?
    ) async throws -> RawJSON? {
        let span = tracer.startSpan("xqueue attempt", context: context(of: task.trace), ofKind: .consumer)
        defer { span.end() }
        span.attributes["messaging.system"] = "xqueue"
        span.attributes["messaging.operation.name"] = "attempt"
        span.attributes["messaging.destination.name"] = task.type
        span.attributes["messaging.message.id"] = task.id.description
        span.attributes["xqueue.attempt"] = task.attempt
        do {
            return try await ServiceContext.withValue(span.context) {
                var task = task
                task.trace = trace(of: span) ?? task.trace
                return try await next(task)
            }
        } catch {
            if !(error is TaskSnooze) {
                span.recordError(error)
                span.setStatus(SpanStatus(code: .error))
            }
            throw error
        }
    }

    private func context(of trace: TraceContext?) -> ServiceContext {
        var context = ServiceContext.topLevel
        tracer.extract(TraceCarrier(trace), into: &context, using: TraceHeaders())
        return context
    }

    private func trace(of span: any Span) -> TraceContext? {
        var carrier = TraceCarrier()
        tracer.inject(span.context, into: &carrier, using: TraceHeaders())
        return carrier.trace
    }
}

/// Carries a trace between this queue and a tracer.
///
/// Only the two headers of W3C Trace Context are kept, whatever else a tracer injects.
struct TraceCarrier: Sendable {
    var parent: String?
    var state: String?

    var trace: TraceContext? { TraceContext(parent: parent, state: state) }

    init(_ trace: TraceContext? = nil) {
        parent = trace?.parent
        state = trace?.state
    }
}

/// A tracer's access to the carrier.
struct TraceHeaders: Injector, Extractor {
    func inject(_ value: String, forKey key: String, into carrier: inout TraceCarrier) {
        switch key.lowercased() {
        case "traceparent": carrier.parent = value
        case "tracestate": carrier.state = value
        default: break
        }
    }

    func extract(key: String, from carrier: TraceCarrier) -> String? {
        switch key.lowercased() {
        case "traceparent": carrier.parent
        case "tracestate": carrier.state
        default: nil
        }
    }
}
