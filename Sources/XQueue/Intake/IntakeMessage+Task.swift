import XQueueCore

extension IntakeMessage {
    /// The task as the log holds it: the same JSON as in a submission over HTTP, with its identifier, the
    /// time it was accepted, and every default written out.
    init(_ task: NewTask, acceptedAt time: Timestamp) {
        var writer = JSONWriter(capacity: 512 + task.payload.text.utf8.count)
        writer.object { writer in
            writer.member("id", task.id.description)
            writer.member("created_at", time)
            DefinitionJSON.write(task.definition, to: &writer, isWhole: false)
            switch task.schedule {
            case .now: break
            case .after(let delay): writer.member("delay", delay)
            case .at(let time): writer.member("run_at", time)
            }
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
