#if Redis

import XQueueCore

/// The packed forms in Redis and in script arguments. docs/redis.md says where each is stored.
///
/// Changing a form so that older versions would misread it requires a new layout: see `QueueLayout`.
enum Forms {
    /// The scripts' name for "no time".
    static let none = "NONE"

    /// The forms, by their names in scripts.
    static let all: [String: Form] = {
        var definition = TaskDefinition(type: "")
        let epoch = Timestamp(milliseconds: 0)
        var (created, run, first, size, metadata) = (epoch, epoch, Int64(0), 0, "")
        var record = TaskRecord(
            id: TaskID(high: 0, low: 0), definition: definition,
            state: TaskState(createdAt: epoch, runAt: epoch, queueTimeout: nil))
        var line = AttemptError(
            attempt: 0, kind: .error, message: "", workerID: nil, startedAt: nil, endedAt: epoch)
        let token = LeaseToken(rawValue: 0)
        var step = TaskEvent.StatusChange(previous: nil, status: .pending, version: 1, retryCount: 0)
        var (progress, worker, text) = (TaskProgress(percent: 0, message: nil), String?.none, "")
        var forms: [String: Form] = [:]
        // A definition as sent, without the times that the script adds.
        forms["SENT"] = Form { try StoredDefinition.layout(&$0, &definition) }
        forms["TIMES"] = Form { try StoredDefinition.times(&$0, &created, &run) }
        forms["DEFINITION"] = Form {
            try StoredDefinition.times(&$0, &created, &run)
            try StoredDefinition.layout(&$0, &definition)
        }
        forms["STATE"] = Form { try StoredState.layout(&$0, &record) }
        forms["ERROR_ENTRY"] = Form { try StoredState.layout(&$0, &line) }
        // An outcome: its head, the progress message, and a part that depends on its kind.
        forms["OUTCOME"] = Form { try StoredOutcome.head(&$0, token, .released, nil) }
        forms["FAILURE"] = Form { try StoredOutcome.failure(&$0, AttemptFailure(""), draw: 0) }
        forms["SNOOZE"] = Form { try StoredOutcome.snooze(&$0, .zero) }
        // The event log: the heads of an entry and of its groups, and the number of identifiers in a group.
        forms["ENTRY"] = Form { try StoredEvents.entry(&$0, first: &first, at: &created) }
        forms["STATUS_HEAD"] = Form {
            try StoredEvents.kind(&$0, .status)
            try StoredEvents.status(&$0, &step, type: &definition.type, worker: &worker)
        }
        forms["PROGRESS_HEAD"] = Form {
            try StoredEvents.kind(&$0, .progress)
            try StoredEvents.progress(&$0, &progress, type: &definition.type, worker: &worker)
        }
        forms["SCHEDULE_HEAD"] = Form {
            try StoredEvents.kind(&$0, .schedule)
            try StoredEvents.schedule(&$0, &text, type: &definition.type)
        }
        forms["METADATA"] = Form { try StoredEvents.metadata(&$0, &metadata) }
        forms["GROUP"] = Form { try StoredEvents.group(&$0, size: &size) }
        // Used by scripts only: when a task ended, and when a node announced itself.
        forms["END"] = Form { try $0.time("ENDED_AT", &created) }
        forms["ANNOUNCEMENT"] = Form { try $0.time("HEARD_AT", &created) }
        return forms
    }()

    /// The forms that scripts unpack to tables, indexed by field number.
    static let numbered = ["DEFINITION", "STATE"]

    /// The constants in scripts for the forms' formats, field numbers and sizes.
    static let definitions: [String: String] = {
        var definitions = all.mapValues { $0.format() }
        definitions[none] = String(IntegerKind.noTime)
        for name in numbered {
            guard let form = all[name] else { continue }
            for (index, field) in form.fields.enumerated() { definitions[field.name] = String(index + 1) }
            definitions[name + "_SIZE"] = String(form.fields.count)
            definitions[name + "_REST"] = String(form.fields.count + 1)
        }
        return definitions
    }()
}

#endif
