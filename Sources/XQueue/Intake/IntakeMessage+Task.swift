import XQueueCore

extension IntakeMessage {
    /// The task as the log holds it: the same JSON as in a submission over HTTP, with its identifier, the
    /// time it was accepted, and every default written out.
    init(_ task: NewTask, acceptedAt time: Timestamp) {
        var writer = JSONWriter(capacity: 512 + task.payload.text.utf8.count)
        writer.object { writer in
            writer.member("id", task.id.description)
            writer.member("created_at", time)
            writer.submission(task)
        }
        var headers = [IntakeHeader("task_type", task.type), IntakeHeader("priority", "\(task.priority)")]
        if let trace = task.trace {
            headers.append(IntakeHeader("traceparent", trace.parent))
            if let state = trace.state { headers.append(IntakeHeader("tracestate", state)) }
        }
        self.init(
            key: task.concurrency?.key ?? task.id.description, keepsOrder: task.concurrency != nil,
            value: writer.text, headers: headers)
    }
}

extension NewTask {
    /// What was asked for when a task that has not ended was submitted.
    init(_ record: TaskRecord) {
        self.init(
            id: record.id, definition: record.definition,
            schedule: record.state.pendingReason == .scheduled ? .at(record.state.runAt) : .now)
    }
}

extension JSONWriter {
    /// Writes what was asked for. What is left out is what a submission without it gets.
    fileprivate mutating func submission(_ task: NewTask) {
        member("type", task.type)
        member("payload", task.payload)
        member("priority", Int(task.priority))
        member("max_retry", task.maxRetry)
        member("queue_timeout", task.queueTimeout ?? .zero)
        member("process_timeout", task.processTimeout ?? .zero)
        if let concurrency = task.concurrency {
            member("concurrency_key", concurrency.key)
            member("max_concurrency", concurrency.limit)
        }
        if let key = task.uniqueKey { member("unique_key", key) }
        if task.retryPolicy != .standard {
            name("retry_policy")
            object { writer in
                writer.member("strategy", task.retryPolicy.strategy.rawValue)
                writer.member("delay", task.retryPolicy.delay)
                writer.member("max_delay", task.retryPolicy.maxDelay)
                writer.member("jitter", task.retryPolicy.jitter)
            }
        }
        switch task.schedule {
        case .now: break
        case .after(let delay): member("delay", delay)
        case .at(let time): member("run_at", time)
        }
    }
}
