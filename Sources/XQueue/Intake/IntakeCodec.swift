package import XQueueCore

/// Decodes tasks from the log, whichever program wrote them.
package struct IntakeDecoder: Sendable {
    /// Maximum size of a message beyond that of its payload, in bytes.
    private static let overhead = 64 << 10

    let defaults: SubmissionDefaults
    let maxPayloadBytes: Int

    package init(_ configuration: QueueConfiguration) {
        defaults = configuration.defaults
        maxPayloadBytes = configuration.maxPayloadBytes
    }

    /// Returns the task that a record submits. The same record always gives the same task, so that one that is
    /// received again is not run again.
    ///
    /// - Throws: ``QueueError`` if the record is unusable.
    package func task(_ record: IntakeRecord) throws(QueueError) -> NewTask {
        guard record.value.count <= maxPayloadBytes + Self.overhead else {
            throw QueueError(
                .invalidField, "the message is larger than \(maxPayloadBytes + Self.overhead) bytes")
        }
        guard !record.value.isEmpty else { throw QueueError(.malformedJSON, "the message is empty") }
        let text: String
        do {
            text = try String(validUTF8: record.value)
        } catch {
            throw QueueError(malformed: error)
        }
        var message = try SubmissionReader.message(text)
        message.submission.trace = record.trace
        var task = try message.submission.validated(defaults: defaults) {
            TaskID(derivedFrom: record.origin, at: record.timestamp)
        }
        if case .after(let delay) = task.schedule {
            // However long the message was in transit.
            task.schedule = .at(min((message.createdAt ?? record.timestamp) + delay, ModelLimits.latestTime))
        }
        guard task.payload.text.utf8.count <= maxPayloadBytes else {
            throw .invalid("payload", "must be at most \(maxPayloadBytes) bytes long")
        }
        return task
    }
}

extension TaskID {
    /// Derives the identifier of a task whose writer gave it none.
    ///
    /// It starts with the record's time. The free bits of the UUID hold the low 40 bits of the position, so that
    /// tasks of one part keep their order even within a millisecond, and then 34 bits of a hash (FNV-1a) of log,
    /// part and position, which distinguishes parts and logs.
    init(derivedFrom origin: IntakeOrigin, at time: Timestamp) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func mix(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        origin.log.utf8.forEach(mix)
        withUnsafeBytes(of: origin.part.littleEndian) { $0.forEach(mix) }
        withUnsafeBytes(of: origin.position.littleEndian) { $0.forEach(mix) }

        let base = TaskID.lowest(at: time)
        let position = UInt64(bitPattern: origin.position)
        self.init(
            high: base.high | (position >> 28) & 0xFFF,
            low: base.low | (position & 0xFFF_FFFF) << 34 | (hash ^ hash >> 34) & 0x3_FFFF_FFFF)
    }
}

extension IntakeMessage {
    /// Encodes a task for the log: the JSON of a submission over HTTP, with the identifier, the time of
    /// acceptance, and all defaults filled in.
    init(_ task: NewTask, acceptedAt time: Timestamp) {
        var writer = JSONWriter(capacity: 512 + task.payload.text.utf8.count)
        writer.object { writer in
            writer.member("id", task.id.description)
            writer.member("created_at", time)
            DefinitionJSON.write(task.definition, task.onConflict, to: &writer, isWhole: false)
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
    /// Restores the submission of a task that has not ended.
    init(_ record: TaskRecord) {
        self.init(
            id: record.id, definition: record.definition,
            schedule: record.state.pendingReason == .scheduled ? .at(record.state.runAt) : .now)
    }
}
